package crypto

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestKeysOutliveTheProcess(t *testing.T) {
	m, dir := newMaster(t), filepath.Join(t.TempDir(), "made", "on the way")
	ks := openKeystore(t, dir, m)
	keys := create(t, ks, "ev1")
	record := keys.SealRecord("student", "s1", 7, []byte("Noor"))
	overview, err := keys.SealFile([]byte("a roster"))
	if err != nil {
		t.Fatal(err)
	}

	again, err := openKeystore(t, dir, m).Keys("ev1")
	if err != nil {
		t.Fatal(err)
	}
	if got, version, err := again.OpenRecord("student", "s1", record); err != nil || string(got) != "Noor" || version != 7 {
		t.Errorf("OpenRecord = %q, %d, %v", got, version, err)
	}
	if got, err := again.OpenFile(overview); err != nil || string(got) != "a roster" {
		t.Errorf("OpenFile = %q, %v", got, err)
	}
	if again.Recipient() != keys.Recipient() || !bytes.Equal(again.Tag(), keys.Tag()) || again.Event() != "ev1" {
		t.Error("the keys of another process differ")
	}
	if again.LoginMAC("K7QF9XTR2M4P") != keys.LoginMAC("K7QF9XTR2M4P") {
		t.Error("the login index of another process differs")
	}

	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "ev1.age"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %o", path, info.Mode(), err, want)
		}
	}
	if names := listDir(t, dir); !slices.Equal(names, []string{"ev1.age"}) {
		t.Errorf("the keystore holds %q, want the key alone", names)
	}
	if ks.Dir() != dir {
		t.Errorf("Dir = %q", ks.Dir())
	}
}

func TestNoKeyIsReplaced(t *testing.T) {
	ks := newKeystore(t)
	first := create(t, ks, "ev1").Recipient()
	other := openKeystore(t, ks.Dir(), ks.master)
	for _, ks := range []*Keystore{ks, other} {
		if _, err := ks.Create("ev1"); !errors.Is(err, ErrKeyExists) {
			t.Errorf("Create again: %v, want ErrKeyExists", err)
		}
	}
	if keys, err := other.Keys("ev1"); err != nil || keys.Recipient() != first {
		t.Errorf("the first key was replaced: %v", err)
	}
	if names := listDir(t, ks.Dir()); !slices.Equal(names, []string{"ev1.age"}) {
		t.Errorf("the keystore holds %q, want the key alone", names)
	}
}

// Of many processes that create the same event's key at once, one wins, and
// all of them end up with that one's key.
func TestOneOfManyCreatesTheKey(t *testing.T) {
	ks := newKeystore(t)
	var won atomic.Int32
	recipients := make([]string, 8)
	var wg sync.WaitGroup
	for i := range recipients {
		process := openKeystore(t, ks.Dir(), ks.master)
		wg.Go(func() {
			if _, err := process.Create("ev1"); err == nil {
				won.Add(1)
			} else if !errors.Is(err, ErrKeyExists) {
				t.Errorf("Create: %v", err)
			}
			keys, err := process.Keys("ev1")
			if err != nil {
				t.Errorf("Keys: %v", err)
				return
			}
			recipients[i] = keys.Recipient()
		})
	}
	wg.Wait()
	if won.Load() != 1 || len(slices.Compact(recipients)) != 1 {
		t.Errorf("%d created the key, with recipients %q", won.Load(), recipients)
	}
}

func TestDestroyedKeyIsGoneEverywhere(t *testing.T) {
	ks := newKeystore(t)
	other := openKeystore(t, ks.Dir(), ks.master)
	create(t, ks, "ev2")
	held := create(t, ks, "ev1")
	heldByOther, err := other.Keys("ev1")
	if err != nil {
		t.Fatal(err)
	}
	record := held.SealRecord("student", "s1", 1, []byte("Noor"))

	if err := ks.Destroy("ev1"); err != nil {
		t.Fatal(err)
	}
	if has, err := ks.Has("ev1"); err != nil || has {
		t.Errorf("Has = %v, %v", has, err)
	}
	// The other process has the keys in memory: one call, and it has not.
	for name, ks := range map[string]*Keystore{"own": ks, "other": other} {
		if _, err := ks.Keys("ev1"); !errors.Is(err, ErrKeyGone) {
			t.Errorf("%s process: Keys: %v, want ErrKeyGone", name, err)
		}
	}
	for name, keys := range map[string]*EventKeys{"own": held, "other": heldByOther} {
		mustBeWiped(t, name, keys, record)
	}
	if _, err := ks.Keys("ev2"); err != nil {
		t.Errorf("the key of another event: %v", err)
	}
	if err := ks.Destroy("ev1"); err != nil {
		t.Errorf("Destroy again: %v", err)
	}
	if err := ks.Destroy("never"); err != nil {
		t.Errorf("Destroy of what never was: %v", err)
	}
}

func mustBeWiped(t *testing.T, name string, keys *EventKeys, record []byte) {
	t.Helper()
	if _, _, err := keys.OpenRecord("student", "s1", record); !errors.Is(err, ErrKeyGone) {
		t.Errorf("%s keys: OpenRecord: %v, want ErrKeyGone", name, err)
	}
	if _, err := keys.OpenFile(nil); !errors.Is(err, ErrKeyGone) {
		t.Errorf("%s keys: OpenFile: %v, want ErrKeyGone", name, err)
	}
	if _, err := keys.SealFile(nil); !errors.Is(err, ErrKeyGone) {
		t.Errorf("%s keys: SealFile: %v, want ErrKeyGone", name, err)
	}
	if _, err := keys.OpenUpload(bytes.NewReader(nil), 1); !errors.Is(err, ErrKeyGone) {
		t.Errorf("%s keys: OpenUpload: %v, want ErrKeyGone", name, err)
	}
	if sealed := keys.SealRecord("student", "s1", 1, []byte("x")); sealed != nil {
		t.Errorf("%s keys: SealRecord sealed with a wiped key", name)
	}
	if mac := keys.LoginMAC("K7QF9XTR2M4P"); mac != "" {
		t.Errorf("%s keys: LoginMAC = %q", name, mac)
	}
}

// A process that is not asked for a key any more does not keep it either.
func TestTidyWipesWhatAnotherProcessDestroyed(t *testing.T) {
	ks := newKeystore(t)
	gone, stays, going := create(t, ks, "ev1"), create(t, ks, "ev2"), create(t, ks, "ev3")
	if err := openKeystore(t, ks.Dir(), ks.master).Destroy("ev1"); err != nil {
		t.Fatal(err)
	}
	if gone.SealRecord("student", "s1", 1, nil) == nil {
		t.Fatal("it was wiped before anybody tidied up")
	}
	path := filepath.Join(ks.Dir(), "ev3.age") // overwritten, and not yet unlinked
	if err := os.WriteFile(path, make([]byte, len(readFile(t, path))), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ks.Tidy(); err != nil {
		t.Fatal(err)
	}
	if gone.SealRecord("student", "s1", 1, nil) != nil {
		t.Error("a destroyed key is in memory still")
	}
	if going.SealRecord("student", "s1", 1, nil) != nil {
		t.Error("a key that is being destroyed is in memory still")
	}
	if stays.SealRecord("student", "s1", 1, nil) == nil {
		t.Error("a key that is there was wiped")
	}
}

func TestForgetWipesMemoryAndKeepsTheFile(t *testing.T) {
	ks := newKeystore(t)
	held := create(t, ks, "ev1")
	records, login := held.records, held.login
	record := held.SealRecord("student", "s1", 1, []byte("Noor"))
	ks.Forget("ev1")
	ks.Forget("never")
	mustBeWiped(t, "held", held, record)
	if !bytes.Equal(records, make([]byte, 32)) || !bytes.Equal(login, make([]byte, 32)) {
		t.Error("the bytes of the keys are still in memory")
	}
	again, err := ks.Keys("ev1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := again.OpenRecord("student", "s1", record); err != nil {
		t.Errorf("after reading the key anew: %v", err)
	}
}

// The bytes of the file are overwritten, not just unlinked: a second name for
// the same file shows what became of them.
func TestDestroyOverwritesTheFile(t *testing.T) {
	ks := newKeystore(t)
	create(t, ks, "ev1")
	path, second := filepath.Join(ks.Dir(), "ev1.age"), filepath.Join(t.TempDir(), "second")
	if err := os.Link(path, second); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, second)
	if err := ks.Destroy("ev1"); err != nil {
		t.Fatal(err)
	}
	after := readFile(t, second)
	if len(after) != len(before) {
		t.Fatalf("%d bytes became %d", len(before), len(after))
	}
	for i := 0; i+16 <= len(before); i += 16 {
		if bytes.Contains(after, before[i:i+16]) {
			t.Fatalf("bytes %d to %d of the key file are left", i, i+16)
		}
	}
}

// A crash may come at any point of Create and Destroy; Destroy finishes the work.
func TestDestroyResumes(t *testing.T) {
	for _, test := range []struct {
		name  string
		crash func(path string) error
	}{
		{"before the link of Create", func(path string) error { return os.Rename(path, path+".tmp-123") }},
		{"after the link of Create", func(path string) error { return os.Link(path, path+".tmp-123") }},
		{"halfway overwriting", func(path string) error { return os.WriteFile(path, []byte("noise"), 0o600) }},
		{"before the sync of the folder", os.Remove},
	} {
		t.Run(test.name, func(t *testing.T) {
			ks := newKeystore(t)
			create(t, ks, "ev1")
			create(t, ks, "ev10") // whose name begins alike
			if err := test.crash(filepath.Join(ks.Dir(), "ev1.age")); err != nil {
				t.Fatal(err)
			}
			left := len(listDir(t, ks.Dir())) - 1
			ks = openKeystore(t, ks.Dir(), ks.master) // the next process
			if has, err := ks.Has("ev1"); err != nil || has != (left > 0) {
				t.Errorf("Has = %v, %v with %d files left", has, err, left)
			}
			if err := ks.Destroy("ev1"); err != nil {
				t.Fatal(err)
			}
			if names := listDir(t, ks.Dir()); !slices.Equal(names, []string{"ev10.age"}) {
				t.Errorf("left in the keystore: %q", names)
			}
		})
	}
}

// A key that another process has begun to overwrite is no longer used, though
// the file is still there.
func TestOverwrittenKeyIsNotUsedFromMemory(t *testing.T) {
	ks := newKeystore(t)
	held := create(t, ks, "ev1")
	record := held.SealRecord("student", "s1", 1, []byte("Noor"))
	if err := os.WriteFile(filepath.Join(ks.Dir(), "ev1.age"), []byte("noise"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ks.Keys("ev1"); !errors.Is(err, ErrMaster) {
		t.Errorf("Keys: %v, want ErrMaster", err)
	}
	mustBeWiped(t, "held", held, record)
}

// A folder that is away (not mounted, say) must not pass for destroyed keys.
func TestMissingFolderIsNotAMissingKey(t *testing.T) {
	ks := newKeystore(t)
	create(t, ks, "ev1")
	away := ks.Dir() + ".away"
	if err := os.Rename(ks.Dir(), away); err != nil {
		t.Fatal(err)
	}
	if _, err := ks.Keys("ev1"); err == nil || errors.Is(err, ErrKeyGone) {
		t.Errorf("Keys: %v, want another error than ErrKeyGone", err)
	}
	if _, err := ks.Has("ev1"); err == nil {
		t.Error("Has answers without the folder")
	}
	if err := ks.Destroy("ev1"); err == nil {
		t.Error("Destroy succeeds without the folder")
	}
	if _, err := ks.Events(); err == nil {
		t.Error("Events answers without the folder")
	}
	if err := os.Rename(away, ks.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := ks.Keys("ev1"); err != nil {
		t.Errorf("once the folder is back: %v", err)
	}
}

func TestKeyFilesCannotBeSwappedOrWidened(t *testing.T) {
	ks := newKeystore(t)
	create(t, ks, "ev1")
	create(t, ks, "ev2")
	path := filepath.Join(ks.Dir(), "ev1.age")
	ks = openKeystore(t, ks.Dir(), ks.master)

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ks.Keys("ev1"); !errors.Is(err, ErrMode) {
		t.Errorf("mode 644: %v, want ErrMode", err)
	}
	if err := os.Rename(filepath.Join(ks.Dir(), "ev2.age"), path); err != nil {
		t.Fatal(err)
	}
	if keys, err := ks.Keys("ev1"); err == nil {
		t.Errorf("the key file of ev2 opens as that of %s", keys.Event())
	}
	if _, err := openKeystore(t, ks.Dir(), newMaster(t)).Keys("ev1"); !errors.Is(err, ErrMaster) {
		t.Errorf("another master: %v, want ErrMaster", err)
	}
}

func TestEventIDsStayInTheFolder(t *testing.T) {
	ks := newKeystore(t)
	for _, event := range []string{"", ".", "..", "../ev1", "a/b", "a/../b", `a\b`, "a.age", "a\x00", "a b", "é", string(make([]byte, 65))} {
		if _, err := ks.Create(event); err == nil {
			t.Errorf("Create(%q) succeeds", event)
		}
		if _, err := ks.Keys(event); err == nil || errors.Is(err, ErrKeyGone) {
			t.Errorf("Keys(%q): %v", event, err)
		}
		if err := ks.Destroy(event); err == nil {
			t.Errorf("Destroy(%q) succeeds", event)
		}
		if _, err := ks.Has(event); err == nil {
			t.Errorf("Has(%q) succeeds", event)
		}
	}
}

func TestEventsListsKeysAlone(t *testing.T) {
	ks := newKeystore(t)
	for _, event := range []string{"ev2", "ev1", "EV_3-x"} {
		create(t, ks, event)
	}
	for _, name := range []string{"README", "ev4.age.tmp-123", ".age"} {
		if err := os.WriteFile(filepath.Join(ks.Dir(), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if events, err := ks.Events(); err != nil || !slices.Equal(events, []string{"EV_3-x", "ev1", "ev2"}) {
		t.Errorf("Events = %q, %v", events, err)
	}
}

// Students are at work while the key is destroyed under their hands: every
// answer is a good one or ErrKeyGone, and what is sealed opens or is nothing.
func TestDestroyWhileInUse(t *testing.T) {
	ks := newKeystore(t)
	create(t, ks, "ev1")
	var wg, started sync.WaitGroup
	for i := range 8 {
		id := fmt.Sprint("s", i)
		started.Add(1)
		atWork := sync.OnceFunc(started.Done)
		wg.Go(func() {
			defer atWork()
			for n := 0; ; n++ {
				if n == 10 {
					atWork()
				}
				keys, err := ks.Keys("ev1")
				if errors.Is(err, ErrKeyGone) && n >= 10 {
					return
				}
				if err != nil {
					t.Errorf("Keys: %v", err)
					return
				}
				sealed := keys.SealRecord("student", id, 1, []byte("Noor"))
				if sealed == nil {
					continue // wiped in between; Keys says so next
				}
				if got, _, err := keys.OpenRecord("student", id, sealed); !errors.Is(err, ErrKeyGone) && (err != nil || string(got) != "Noor") {
					t.Errorf("OpenRecord = %q, %v", got, err)
					return
				}
			}
		})
	}
	started.Wait()
	if err := ks.Destroy("ev1"); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

func listDir(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Keys runs at every request: what it costs when the keys are in memory.
func BenchmarkKeys(b *testing.B) {
	ks := newKeystore(b)
	create(b, ks, "ev1")
	for b.Loop() {
		if _, err := ks.Keys("ev1"); err != nil {
			b.Fatal(err)
		}
	}
}
