package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/scheduler/purge"
)

// A school checks the log on a machine of its own: with the public key, the log
// as it was exported, and the checkpoint that it received.
func TestVerifyAwayFromTheServer(t *testing.T) {
	secret, public, err := crypto.GenerateLogKey("example.org")
	if err != nil {
		t.Fatal(err)
	}
	key, err := crypto.ParseLogKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	server := filepath.Join(dir, "purge.log")
	log, err := purge.Open(server, key)
	if err != nil {
		t.Fatal(err)
	}
	// note appends an entry and returns the checkpoint over all there are.
	note := func(step purge.Step) []byte {
		t.Helper()
		if _, err := log.Append(purge.Entry{Event: "e1", Step: step, At: time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
		signed, err := log.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	older := write("older", note(purge.StepStarted))
	newer := write("newer", note(purge.StepKeyDestroyed))
	var exported bytes.Buffer
	if err := (&PurgeLogExportCommand{PurgeLog: server}).Run(&streams{out: &exported}); err != nil {
		t.Fatal(err)
	}
	whole := write("exported", exported.Bytes())
	changed := write("changed", bytes.Replace(exported.Bytes(), []byte("2026-12-05"), []byte("2026-12-06"), 1))
	cut := write("cut", exported.Bytes()[:bytes.IndexByte(exported.Bytes(), '\n')+1])

	for _, c := range []struct {
		what   string
		server string
		files  []string
		says   string // "": all is well
	}{
		{"an export and its checkpoint", "", []string{whole, newer}, ""},
		{"in the other order, with an older one", "", []string{older, newer, whole}, ""},
		{"an export alone", "", []string{whole}, "name a checkpoint"},
		{"an export with an entry that is newer than the checkpoint", "", []string{whole, older}, "no checkpoint covers it"},
		{"an export that was changed", "", []string{changed, newer}, "entry"},
		{"an export that was cut", "", []string{cut, newer}, "checkpoint 1"},
		{"two logs", "", []string{whole, cut, newer}, "name one"},
		{"no log", "", []string{newer}, "PURGE_LOG"},
		{"a file that is not there", "", []string{filepath.Join(dir, "none")}, "none"},
		{"the server's own", server, nil, ""},
		{"the server's own, with what a school holds", server, []string{older}, ""},
		{"an export in place of the server's own", server, []string{cut, newer}, "checkpoint 1"},
	} {
		var out strings.Builder
		err := (&PurgeLogVerifyCommand{PurgeLog: c.server, Key: public, Files: c.files}).Run(&streams{out: &out})
		switch {
		case c.says == "" && (err != nil || !strings.Contains(out.String(), "whole")):
			t.Errorf("%s: %v, %q", c.what, err, out.String())
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", c.what, err, c.says)
		}
	}
}
