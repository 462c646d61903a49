package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What encrypts in the browser is what package-lock.json names, with the
// licences of all that is in it. deploy/age-bundle makes it.
func TestAgeBundleIsWhatTheLockNames(t *testing.T) {
	lock, err := os.ReadFile("static-src/age/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var locked struct {
		Packages map[string]struct{ Version, License, Integrity string }
	}
	if err := json.Unmarshal(lock, &locked); err != nil {
		t.Fatal(err)
	}
	files := loadStatic(newServer(t).cfg.Provider)
	bundle := files.files[files.names["age.js"]]
	licences := string(files.files[files.names["age.LICENSE.txt"]].plain)
	banner, code, _ := strings.Cut(string(bundle.plain), "\n")
	sum := sha256.Sum256(lock)
	if !strings.Contains(banner, "package-lock.json "+hex.EncodeToString(sum[:])) {
		t.Errorf("age.js was made from another package-lock.json: run deploy/age-bundle\n%s", banner)
	}
	named := regexp.MustCompile(`([@a-z0-9/-]+) (\d+\.\d+\.\d+) \(([A-Z0-9a-z-]+)\)`).FindAllStringSubmatch(banner, -1)
	age := false
	for _, n := range named {
		p := locked.Packages["node_modules/"+n[1]]
		if p.Version != n[2] || p.License != n[3] || p.Integrity == "" {
			t.Errorf("the bundle has %s, the lock %+v", n[0], p)
		}
		if !strings.Contains(licences, n[0]+"\n\n") {
			t.Errorf("no licence of %s", n[0])
		}
		age = age || n[1] == "age-encryption"
	}
	if !age || len(named) < 2 {
		t.Errorf("the banner names %v", named)
	}
	for _, text := range []string{"Copyright 2023 The age Authors", "Redistribution and use in source and binary forms", "The MIT License"} {
		if !strings.Contains(licences, text) {
			t.Errorf("the licences lack %q", text)
		}
	}
	if !strings.Contains(code, "encryptTo") || strings.Contains(code, "Decrypter") {
		t.Error("the bundle should encrypt, and nothing else")
	}
	if n := len(bundle.compressed); n == 0 || n > 30_000 {
		t.Errorf("%d bytes compressed", n)
	}
}

// No other page than that of class lists carries it.
func TestAgeIsLoadedOnOnePage(t *testing.T) {
	s := newSite(t)
	s.account(t, s.event.School, "contact@example.org")
	v := s.browser(t).as("contact@example.org")
	for path, want := range map[string]bool{
		"/events/EVENT/class-lists": true, "/events/EVENT/class-lists/preview": true, // where there is no draft it is the same page
		"/events/EVENT": false, "/events/EVENT/students": false, "/events": false, "/": false,
	} {
		page := v.get(s.path(path))
		if got := strings.Contains(page.body, "/static/age."); got != want {
			t.Errorf("%s (%d): loaded %v", path, page.status, got)
		}
		if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self' 'nonce-") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
	}
}
