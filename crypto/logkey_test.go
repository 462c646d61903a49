package crypto

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func newLogKey(t *testing.T) *LogKey {
	t.Helper()
	secret, public, err := GenerateLogKey("example.org/purge")
	if err != nil {
		t.Fatal(err)
	}
	k, err := LoadLogKey(writeFile(t, secret, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if k.Public() != public {
		t.Fatalf("Public = %s, generated as %s", k.Public(), public)
	}
	return k
}

func TestSignedNoteIsVerified(t *testing.T) {
	const text = "cultuurdag purge log\n12\nc2hhMjU2\n"
	for range 100 { // a key in base64 may hold a plus, which also parts its fields
		k := newLogKey(t)
		signed, err := k.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := VerifyNote(k.Public()+"\n", signed); err != nil || got != text {
			t.Fatalf("VerifyNote = %q, %v", got, err)
		}
	}
}

func TestChangedNoteIsNotVerified(t *testing.T) {
	k, other := newLogKey(t), newLogKey(t)
	signed, err := k.Sign("cultuurdag purge log\n12\n")
	if err != nil {
		t.Fatal(err)
	}
	forged, err := other.Sign("cultuurdag purge log\n12\n") // the same name, another key
	if err != nil {
		t.Fatal(err)
	}
	for name, note := range map[string][]byte{
		"a changed text": bytes.Replace(signed, []byte("12"), []byte("13"), 1),
		"another key":    forged,
		"no signature":   []byte("cultuurdag purge log\n12\n"),
		"cut short":      signed[:len(signed)-2],
		"nothing":        nil,
	} {
		if text, err := VerifyNote(k.Public(), note); !errors.Is(err, ErrNote) || text != "" {
			t.Errorf("%s: %q, %v, want ErrNote", name, text, err)
		}
	}
	if _, err := VerifyNote("not a key", signed); !errors.Is(err, ErrLogKey) {
		t.Errorf("VerifyNote without a key: %v, want ErrLogKey", err)
	}
}

func TestNothingIsSignedThatCannotBeVerified(t *testing.T) {
	k := newLogKey(t)
	for _, text := range []string{"", "no newline", "control\x01\n", "not UTF-8 \xff\n"} {
		if _, err := k.Sign(text); !errors.Is(err, ErrNote) {
			t.Errorf("Sign(%q): %v, want ErrNote", text, err)
		}
	}
}

func TestLogKeyIsChecked(t *testing.T) {
	secret, _, err := GenerateLogKey("example.org/purge")
	if err != nil {
		t.Fatal(err)
	}
	renamed := strings.Replace(string(secret), "purge", "other", 1)
	for _, data := range []string{"", "PRIVATE+KEY+a", renamed, string(secret[:len(secret)-5])} {
		_, err := LoadLogKey(writeFile(t, []byte(data), 0o600))
		if !errors.Is(err, ErrLogKey) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("LoadLogKey(%.20q): %v, want ErrLogKey", data, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b"} {
		if _, _, err := GenerateLogKey(name); !errors.Is(err, ErrLogKey) {
			t.Errorf("GenerateLogKey(%q): %v, want ErrLogKey", name, err)
		}
	}
}
