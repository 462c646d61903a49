package crypto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestRecordLayout(t *testing.T) {
	keys := fixedKeys(t)
	sealed := keys.SealRecord("student", "s1", 0x0102030405060708, []byte("Noor"))
	if !bytes.HasPrefix(sealed, keys.Tag()) || len(keys.Tag()) != 16 {
		t.Error("the tag does not stand at the head")
	}
	if got := hex.EncodeToString(sealed[16:24]); got != "0102030405060708" {
		t.Errorf("version = %s", got)
	}
	if len(sealed) != 16+8+24+len("Noor")+16 {
		t.Errorf("%d bytes", len(sealed))
	}
	if bytes.Contains(sealed, []byte("Noor")) {
		t.Error("the plaintext is in it")
	}
	if again := keys.SealRecord("student", "s1", 0x0102030405060708, []byte("Noor")); bytes.Equal(again[24:48], sealed[24:48]) {
		t.Error("a nonce is used twice")
	}
}

// What was stored by an earlier version of the program opens still.
func TestStoredFormatHolds(t *testing.T) {
	keys := fixedKeys(t)
	sealed, err := hex.DecodeString(goldenRecord)
	if err != nil {
		t.Fatal(err)
	}
	if got, version, err := keys.OpenRecord("student", "s1", sealed); err != nil || string(got) != "Noor" || version != 3 {
		t.Errorf("OpenRecord = %q, %d, %v", got, version, err)
	}
	if got := keys.LoginMAC("K7QF9XTR2M4P"); got != goldenMAC {
		t.Errorf("LoginMAC = %s", got)
	}
	if got := keys.Fingerprint(); got != goldenFingerprint {
		t.Errorf("Fingerprint = %s", got)
	}
}

func TestRecordOpensAsWhatItIsAlone(t *testing.T) {
	ks := newKeystore(t)
	keys, other := create(t, ks, "ev1"), create(t, ks, "ev2")
	sealed := keys.SealRecord("student", "s12", math.MaxUint64, []byte("Noor"))
	if got, version, err := keys.OpenRecord("student", "s12", sealed); err != nil || string(got) != "Noor" || version != math.MaxUint64 {
		t.Fatalf("OpenRecord = %q, %d, %v", got, version, err)
	}

	elsewhere := bytes.Clone(sealed)
	copy(elsewhere, other.Tag())
	older := bytes.Clone(sealed)
	copy(older[16:24], make([]byte, 8))
	for _, test := range []struct {
		name     string
		keys     *EventKeys
		kind, id string
		sealed   []byte
	}{
		{"another id", keys, "student", "s13", sealed},
		{"another kind", keys, "code", "s12", sealed},
		{"a shifted border between kind and id", keys, "students", "12", sealed},
		{"another event", other, "student", "s12", sealed},
		{"another event, its tag put on", other, "student", "s12", elsewhere},
		{"another event's tag", keys, "student", "s12", elsewhere},
		{"another version", keys, "student", "s12", older},
		{"bytes added", keys, "student", "s12", append(bytes.Clone(sealed), 0)},
		{"nothing", keys, "student", "s12", nil},
	} {
		if got, _, err := test.keys.OpenRecord(test.kind, test.id, test.sealed); !errors.Is(err, ErrRecord) || got != nil {
			t.Errorf("%s: %q, %v, want ErrRecord", test.name, got, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			damaged := bytes.Clone(sealed)
			damaged[i] ^= 1 << bit
			if _, _, err := keys.OpenRecord("student", "s12", damaged); !errors.Is(err, ErrRecord) {
				t.Fatalf("bit %d of byte %d flipped: %v, want ErrRecord", bit, i, err)
			}
		}
		if _, _, err := keys.OpenRecord("student", "s12", sealed[:i]); !errors.Is(err, ErrRecord) {
			t.Fatalf("cut to %d bytes: %v, want ErrRecord", i, err)
		}
	}
}

// The tag alone does not bind a record to its event: the same key under another
// event's name opens nothing.
func TestEventIsPartOfTheAssociatedData(t *testing.T) {
	keys := fixedKeys(t)
	sealed := keys.SealRecord("student", "s1", 1, []byte("Noor"))
	keys.event = "other"
	if _, _, err := keys.OpenRecord("student", "s1", sealed); !errors.Is(err, ErrRecord) {
		t.Errorf("OpenRecord: %v, want ErrRecord", err)
	}
}

func TestSubkeysDiffer(t *testing.T) {
	keys := fixedKeys(t)
	if bytes.Equal(keys.records, keys.login) {
		t.Error("records and login index share a key")
	}
	if bytes.Equal(keys.inputs, keys.records) || bytes.Equal(keys.inputs, keys.login) {
		t.Error("inputs share a key with another use")
	}
	if keys.uploads.String() == keys.overviews.String() {
		t.Error("uploads and overviews share an identity")
	}
}

func TestLoginMACIsTheEventsOwn(t *testing.T) {
	ks := newKeystore(t)
	keys, other := create(t, ks, "ev1"), create(t, ks, "ev2")
	mac := keys.LoginMAC("K7QF9XTR2M4P")
	if raw, err := hex.DecodeString(mac); err != nil || len(raw) != 16 {
		t.Errorf("LoginMAC = %q", mac)
	}
	if mac == other.LoginMAC("K7QF9XTR2M4P") || mac == keys.LoginMAC("K7QF9XTR2M4Q") {
		t.Error("two events or two codes share a MAC")
	}
}

func TestInputMACIsTheEventsOwn(t *testing.T) {
	ks := newKeystore(t)
	keys, other := create(t, ks, "ev1"), create(t, ks, "ev2")
	mac := keys.InputMAC([]byte("{}"))
	if raw, err := hex.DecodeString(mac); err != nil || len(raw) != 16 {
		t.Errorf("InputMAC = %q", mac)
	}
	if mac == other.InputMAC([]byte("{}")) || mac == keys.InputMAC([]byte("{ }")) {
		t.Error("two events or two inputs share a fingerprint")
	}
	if err := ks.Destroy("ev1"); err != nil {
		t.Fatal(err)
	}
	if got := keys.InputMAC([]byte("{}")); got != "" {
		t.Errorf("a fingerprint under a key that is gone: %q", got)
	}
}

func TestTagIsACopy(t *testing.T) {
	keys := fixedKeys(t)
	clear(keys.Tag())
	if bytes.Equal(keys.Tag(), make([]byte, 16)) {
		t.Error("a caller changed the tag")
	}
}

// Who knows the public recipient can encrypt a class list, but not forge an overview.
func TestOverviewIsNotForged(t *testing.T) {
	keys := fixedKeys(t)
	sealed, err := keys.SealFile([]byte("a roster"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keys.OpenFile(sealed); err != nil || string(got) != "a roster" {
		t.Fatalf("OpenFile = %q, %v", got, err)
	}
	for name, file := range map[string][]byte{
		"encrypted to the public recipient": encrypt(t, []byte("a roster"), keys.recipient),
		"cut short":                         sealed[:len(sealed)-1],
		"bytes added":                       append(bytes.Clone(sealed), 0),
		"plain":                             []byte("a roster"),
		"empty":                             nil,
	} {
		if got, err := keys.OpenFile(file); !errors.Is(err, ErrFile) || got != nil {
			t.Errorf("%s: %q, %v, want ErrFile", name, got, err)
		}
	}
	if _, err := keys.OpenUpload(bytes.NewReader(sealed), 100); !errors.Is(err, ErrCannotDecrypt) {
		t.Errorf("an overview handed in as a class list: %v, want ErrCannotDecrypt", err)
	}
}

func TestStoredKeysAreChecked(t *testing.T) {
	for name, stored := range map[string]string{
		"not JSON":      `secret`,
		"another event": `{"event":"ev2"}`,
		"no tag":        `{"event":"ev1","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`,
		"short secret":  `{"event":"ev1","tag":"AAECAwQFBgcICQoLDA0ODw==","secret":"AAEC"}`,
		"no identities": `{"event":"ev1","tag":"AAECAwQFBgcICQoLDA0ODw==","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`,
	} {
		if _, err := parseEventKeys("ev1", []byte(stored)); err == nil || strings.Contains(err.Error(), "AAEC") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzOpenRecord: nothing that was not sealed for a kind and id opens for it.
func FuzzOpenRecord(f *testing.F) {
	keys := fixedKeys(f)
	good := keys.SealRecord("student", "s1", 1, []byte("Noor"))
	f.Add("student", "s1", good)
	f.Add("student", "s1", good[:len(good)-1])
	f.Add("student", "s1", keys.Tag())
	f.Add("code", "s1", good)
	f.Add("", "", []byte{})
	f.Fuzz(func(t *testing.T, kind, id string, sealed []byte) {
		got, version, err := keys.OpenRecord(kind, id, sealed)
		if err != nil {
			if !errors.Is(err, ErrRecord) || got != nil || version != 0 {
				t.Fatalf("OpenRecord = %q, %d, %v", got, version, err)
			}
			return
		}
		if kind != "student" || id != "s1" || string(got) != "Noor" || version != 1 {
			t.Fatalf("%s %s opens as %q, version %d", kind, id, got, version)
		}
	})
}

func BenchmarkOpenRecord(b *testing.B) {
	keys := fixedKeys(b)
	sealed := keys.SealRecord("student", "s1", 1, make([]byte, 200))
	for b.Loop() {
		if _, _, err := keys.OpenRecord("student", "s1", sealed); err != nil {
			b.Fatal(err)
		}
	}
}
