package crypto

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestMasterOpensWhatItSealed(t *testing.T) {
	data, recipient, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(recipient, "age1pq1") {
		t.Errorf("recipient %.12s… is not a post-quantum one", recipient)
	}
	m, err := LoadMaster(writeFile(t, data, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := m.Seal([]byte("keys"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Open(sealed); err != nil || string(got) != "keys" {
		t.Errorf("Open = %q, %v", got, err)
	}
	if _, err := newMaster(t).Open(sealed); !errors.Is(err, ErrMaster) {
		t.Errorf("another master: %v, want ErrMaster", err)
	}
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := m.Open(damaged); !errors.Is(err, ErrMaster) {
			t.Fatalf("byte %d flipped: %v, want ErrMaster", i, err)
		}
	}
}

func TestMasterIsReplacedByAnotherAboveIt(t *testing.T) {
	old, _, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	parse := func(data ...[]byte) *Master {
		t.Helper()
		m, err := ParseMaster(bytes.Join(data, []byte("\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before, both, after := parse(old), parse(fresh, old), parse(fresh)

	sealedBefore, err := before.Seal([]byte("an old event"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Open(sealedBefore); err != nil {
		t.Errorf("the old identity no longer opens: %v", err)
	}
	sealedNow, err := both.Seal([]byte("a new event"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Open(sealedNow); err != nil {
		t.Errorf("the new identity did not seal: %v", err)
	}
	if _, err := before.Open(sealedNow); !errors.Is(err, ErrMaster) {
		t.Errorf("the old identity still seals: %v", err)
	}
}

func TestSecretFilesOpenToOthersAreRefused(t *testing.T) {
	master, _, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	logKey, _, err := GenerateLogKey("example.org/purge")
	if err != nil {
		t.Fatal(err)
	}
	loaders := []struct {
		name string
		data []byte
		load func(path string) error
	}{
		{"master", master, func(path string) error { _, err := LoadMaster(path); return err }},
		{"log key", logKey, func(path string) error { _, err := LoadLogKey(path); return err }},
	}
	for _, l := range loaders {
		for _, mode := range []os.FileMode{0o600, 0o400} {
			if err := l.load(writeFile(t, l.data, mode)); err != nil {
				t.Errorf("%s with mode %o: %v", l.name, mode, err)
			}
		}
		for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660, 0o700, 0o601, 0o777} {
			path := writeFile(t, l.data, mode)
			err := l.load(path)
			if !errors.Is(err, ErrMode) || !strings.Contains(fmt.Sprint(err), "chmod 600 "+path) {
				t.Errorf("%s with mode %o: %v, want ErrMode and how to mend it", l.name, mode, err)
			}
		}
		if err := l.load(writeFile(t, bytes.Repeat([]byte("#\n"), maxSecretFile), 0o600)); err == nil {
			t.Errorf("%s of 2 MiB is read", l.name)
		}
		if err := l.load("no such file"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s that is missing: %v", l.name, err)
		}
	}
}

func TestMasterErrorsNameTheLineOnly(t *testing.T) {
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	good, _, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, data, want, secret string }{
		{"empty", "", "no age identity", "two"},
		{"comments", "# one\n\n# two\n", "no age identity", "two"},
		{"classic", "# one\n" + classic.String(), "line 2: this identity is not a post-quantum one", classic.String()},
		{"damaged", string(good) + "AGE-SECRET-KEY-PQ-1QQQQ\n", "line 3: not an age identity", "QQQQ"},
		{"recipient", "age1pq1abc", "line 1: not an age identity", "abc"},
	} {
		_, err := ParseMaster([]byte(test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), test.secret) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	master, _, err := GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMaster(master)
	if err != nil {
		t.Fatal(err)
	}
	secret, public, err := GenerateLogKey("example.org/purge")
	if err != nil {
		t.Fatal(err)
	}
	logKey, err := ParseLogKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		value any
		want  string
	}{
		{m, "master"},
		{fixedKeys(t), "keys of event fixed"},
		{logKey, "purge-log key " + public},
	} {
		for _, verb := range []string{"%v", "%+v", "%s"} {
			if got := fmt.Sprintf(verb, test.value); got != test.want {
				t.Errorf("%s prints %q, want %q", verb, got, test.want)
			}
		}
	}
}
