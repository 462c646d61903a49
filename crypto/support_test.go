package crypto

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// fixedKeys are the keys of an event "fixed" that never existed. They are the
// same in every run, as fuzzing and the test of the stored format need.
func fixedKeys(t testing.TB) *EventKeys {
	t.Helper()
	const stored = `{"event":"fixed","tag":"AAECAwQFBgcICQoLDA0ODw==","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",` +
		`"uploads":"AGE-SECRET-KEY-13UX9MGZYS5Y9J9LVJRRFALY4M6S3T4ZC0Q999UHJNPQD65ZDZ9US2J35FY",` +
		`"overviews":"AGE-SECRET-KEY-1HDQHCH4A64H3RHGDZW5LG23R5F3X8VL6SAA97VLGMLK0Q4N64AAS83R8GN"}`
	keys, err := parseEventKeys("fixed", []byte(stored))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newMaster(t testing.TB) *Master {
	t.Helper()
	data, _, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMaster(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newKeystore(t testing.TB) *Keystore {
	t.Helper()
	return openKeystore(t, filepath.Join(t.TempDir(), "keys"), newMaster(t))
}

// openKeystore opens a keystore as one more process that shares the folder.
func openKeystore(t testing.TB, dir string, m *Master) *Keystore {
	t.Helper()
	ks, err := OpenKeystore(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	return ks
}

func create(t testing.TB, ks *Keystore, event string) *EventKeys {
	t.Helper()
	keys, err := ks.Create(event)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func writeFile(t testing.TB, data []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // what umask would take away
		t.Fatal(err)
	}
	return path
}

// encrypt makes an age file as somebody outside does.
func encrypt(t testing.TB, plaintext []byte, to ...age.Recipient) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plaintext); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func armored(t testing.TB, file []byte) []byte {
	t.Helper()
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	if _, err := w.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func stranger(t testing.TB) *age.X25519Recipient {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient()
}
