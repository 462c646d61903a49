package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeygenWritesTwoSecretFiles(t *testing.T) {
	var out strings.Builder
	master := filepath.Join(t.TempDir(), "master.key")
	if err := (&KeygenCommand{Out: master, Name: "example.nl"}).Run(&streams{out: &out}); err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{master: "AGE-SECRET-KEY-PQ-1", master + "-log": "PRIVATE+KEY+example.nl+"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), secret) {
			t.Errorf("%s holds no %s", name, secret)
		}
		if err := checkSecretFile(name); err != nil {
			t.Errorf("serve would refuse it: %v", err)
		}
		if strings.Contains(out.String(), secret) {
			t.Errorf("the secret of %s is printed", name)
		}
	}
	for _, public := range []string{"age1pq1", "example.nl+", master + "-log"} {
		if !strings.Contains(out.String(), public) {
			t.Errorf("%s is not printed in\n%s", public, out.String())
		}
	}
}

func TestKeygenNeverOverwrites(t *testing.T) {
	for _, existing := range []string{"master.key", "master.key-log"} {
		t.Run(existing, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, existing), []byte("of last year"))
			var out strings.Builder
			err := (&KeygenCommand{Out: filepath.Join(dir, "master.key"), Name: "example.nl"}).Run(&streams{out: &out})
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("error %v, want fs.ErrExist", err)
			}
			data, err := os.ReadFile(filepath.Join(dir, existing))
			if err != nil || string(data) != "of last year" {
				t.Errorf("it holds %q, %v", data, err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("%d files in the folder (%v), want the one that was there", len(entries), err)
			}
			if out.Len() > 0 {
				t.Errorf("printed %q", out.String())
			}
		})
	}
}
