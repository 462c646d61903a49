package crypto

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	keySuffix  = ".age"
	tempMarker = ".age.tmp-" // EVENT.age.tmp-RANDOM: a key file being written
)

// Keystore is the folder with the keys of events, one file an event, sealed to
// the master: EVENT.age. Several processes may share it. It is safe for
// concurrent use, and keeps opened keys in memory until they are destroyed.
type Keystore struct {
	dir    string
	master *Master

	mu   sync.RWMutex
	open map[string]openedKeys
}

// openedKeys are cached keys with the file that they were read from.
type openedKeys struct {
	keys *EventKeys
	file fs.FileInfo
}

// OpenKeystore opens the keystore in dir, and makes the folder (mode 0700) when
// it is missing. No key is read yet.
func OpenKeystore(dir string, m *Master) (*Keystore, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening the keystore: %w", err)
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("opening the keystore: %w", err)
	}
	return &Keystore{dir: dir, master: m, open: map[string]openedKeys{}}, nil
}

// Dir returns the folder of the keystore.
func (k *Keystore) Dir() string { return k.dir }

// Create makes the keys of a new event, and returns when they are on disk.
// ErrKeyExists when the event has keys already, of whichever process.
func (k *Keystore) Create(event string) (*EventKeys, error) {
	if err := checkEvent(event); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, err := k.create(event)
	if err != nil {
		return nil, fmt.Errorf("creating the key of event %s: %w", event, err)
	}
	return keys, nil
}

func (k *Keystore) create(event string) (*EventKeys, error) {
	stored, err := generateStoredKeys(event)
	if err != nil {
		return nil, err
	}
	defer clear(stored.Secret)
	plaintext, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	keys, err := parseEventKeys(event, plaintext)
	if err != nil {
		return nil, err
	}
	sealed, err := k.master.Seal(plaintext)
	if err != nil {
		return nil, err
	}
	if err := k.write(event, sealed); err != nil {
		return nil, err
	}
	file, err := os.Lstat(k.path(event))
	if err != nil {
		return nil, err
	}
	k.open[event] = openedKeys{keys, file}
	return keys, nil
}

// write puts an event's key file in its place, whole or not at all. The last
// step is a link and not a rename: a link fails where there is a file already,
// while a rename would replace another process's key.
func (k *Keystore) write(event string, sealed []byte) (err error) {
	temp, err := os.CreateTemp(k.dir, event+tempMarker) // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name()), syncDir(k.dir)) }()
	if err := writeAndSync(temp, sealed); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), k.path(event)); errors.Is(err, fs.ErrExist) {
		return ErrKeyExists
	} else if err != nil {
		return err
	}
	return nil
}

// Keys returns the keys of an event; ErrKeyGone when there are none. They come
// from memory, but every call looks whether the file is still there and still
// the same, so that a key that another process destroyed is dropped at once.
// Any other error (a folder that is away, a damaged file) says nothing about
// whether the key exists.
func (k *Keystore) Keys(event string) (*EventKeys, error) {
	if err := checkEvent(event); err != nil {
		return nil, err
	}
	k.mu.RLock()
	cached, ok := k.open[event]
	k.mu.RUnlock()
	if ok {
		if now, err := os.Lstat(k.path(event)); err == nil && sameFile(now, cached.file) {
			return cached.keys, nil
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, err := k.load(event)
	if err != nil {
		return nil, fmt.Errorf("reading the key of event %s: %w", event, err)
	}
	return keys, nil
}

// load reads an event's key file, unless another caller did so meanwhile. Keys
// in memory whose file is gone or no longer opens are wiped.
func (k *Keystore) load(event string) (*EventKeys, error) {
	file, err := os.Lstat(k.path(event))
	if errors.Is(err, fs.ErrNotExist) {
		// A keystore that is not mounted must not look like a destroyed key.
		if _, err := os.Stat(k.dir); err != nil {
			return nil, err
		}
		k.forget(event)
		return nil, ErrKeyGone
	}
	if err != nil {
		return nil, err
	}
	cached, ok := k.open[event]
	if ok && sameFile(file, cached.file) {
		return cached.keys, nil
	}
	sealed, err := readSecretFile(k.path(event))
	if errors.Is(err, fs.ErrNotExist) { // between the two looks
		k.forget(event)
		return nil, ErrKeyGone
	}
	if err != nil {
		return nil, err
	}
	keys, err := k.unseal(event, sealed)
	if err != nil {
		k.forget(event)
		return nil, err
	}
	k.open[event] = openedKeys{keys, file}
	return keys, nil
}

func (k *Keystore) unseal(event string, sealed []byte) (*EventKeys, error) {
	plaintext, err := k.master.Open(sealed)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	return parseEventKeys(event, plaintext)
}

// Destroy makes an event's key unreadable for good: it wipes the keys in
// memory, overwrites the file with random bytes, removes it, and returns when
// all of that is on disk. Leftovers of an interrupted Create go too. It is nil
// when the key was gone already, and may be repeated after any error or crash.
//
// Where the file system or the disk writes elsewhere instead of over the old
// bytes, what may be left of the file is still sealed to the master.
func (k *Keystore) Destroy(event string) error {
	if err := checkEvent(event); err != nil {
		return err
	}
	k.mu.Lock() // held throughout: nobody reads the file again on its way out
	defer k.mu.Unlock()
	k.forget(event)
	if err := k.destroy(event); err != nil {
		return fmt.Errorf("destroying the key of event %s: %w", event, err)
	}
	return nil
}

func (k *Keystore) destroy(event string) error {
	names, err := k.files(event)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := shred(filepath.Join(k.dir, name)); err != nil {
			return err
		}
	}
	return syncDir(k.dir) // also where nothing was left: a crash may have come before it
}

// Forget wipes the keys of an event in this process's memory; the file stays.
// Whoever holds them still can no longer use them.
func (k *Keystore) Forget(event string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forget(event)
}

// Tidy wipes the keys in this process's memory whose files are gone or no longer
// open: another process destroyed them, or is at it, and nobody here may ever ask
// for them again. It returns why it could not look at the files of others.
func (k *Keystore) Tidy() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for event := range k.open {
		_, err := k.load(event)
		if _, kept := k.open[event]; kept && err != nil {
			errs = append(errs, fmt.Errorf("looking for the key of event %s: %w", event, err))
		}
	}
	return errors.Join(errs...)
}

func (k *Keystore) forget(event string) {
	if cached, ok := k.open[event]; ok {
		cached.keys.wipe()
		delete(k.open, event)
	}
}

// Has reports whether any file of an event's key is left, that of an
// interrupted Create included.
func (k *Keystore) Has(event string) (bool, error) {
	if err := checkEvent(event); err != nil {
		return false, err
	}
	names, err := k.files(event)
	if err != nil {
		return false, fmt.Errorf("looking for the key of event %s: %w", event, err)
	}
	return len(names) > 0, nil
}

// Events returns the ids of all events that have a key, sorted.
func (k *Keystore) Events() ([]string, error) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("listing the keystore: %w", err)
	}
	var events []string
	for _, e := range entries {
		if event, ok := strings.CutSuffix(e.Name(), keySuffix); ok && checkEvent(event) == nil {
			events = append(events, event)
		}
	}
	slices.Sort(events)
	return events, nil
}

func (k *Keystore) path(event string) string { return filepath.Join(k.dir, event+keySuffix) }

// files returns the names of all files with an event's key, the key file first.
func (k *Keystore) files(event string) ([]string, error) {
	entries, err := os.ReadDir(k.dir) // sorted: EVENT.age stands before EVENT.age.tmp-…
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Name() == event+keySuffix || strings.HasPrefix(e.Name(), event+tempMarker) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// checkEvent holds an event's id to what is safe as the name of a file.
func checkEvent(event string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if event == "" || len(event) > 64 || strings.Trim(event, allowed) != "" {
		return errors.New("malformed id of an event")
	}
	return nil
}

// sameFile reports whether a file is the one that was read, not replaced and
// not written to.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// shred overwrites a file with random bytes and then removes it; nil when it is
// gone already. A link is removed, never followed.
func shred(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		noise := make([]byte, info.Size())
		rand.Read(noise)
		if err := writeAndSync(f, noise); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeAndSync writes data to f, on to the disk, and closes f in any case.
func writeAndSync(f *os.File, data []byte) error {
	_, err := bytes.NewReader(data).WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the coming and going of names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
