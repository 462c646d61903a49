// Package purgetest is test support: a scanner that looks for what is left of
// events, in every place where their students' data could lie, in every form.
//
// It knows more than anybody who steals a disk. It was told what to look for,
// it keeps the master's identities and a copy of the events' keys from before
// the purge, and it remembers pieces of their ciphertexts. So what remains is
// found even where nobody else could open it. It shares no code with the purge.
package purgetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// Kinds of findings beside those that were given to Mark.
const (
	KindTag        = "tag"        // the 16 bytes at the head of what was sealed
	KindCiphertext = "ciphertext" // a piece of what Remember saw
	KindAge        = "age file"   // one that a key of the event opens
	KindKey        = "key file"   // the event's own, which the master opens
	KindID         = "id"         // of a student
	KindNumber     = "number"
	KindName       = "name"
	KindEmail      = "e-mail"
	KindClass      = "class"
	KindCode       = "code"        // with dashes, or without
	KindIndex      = "login index" // the HMAC of a code
)

// Scanner looks for what is left of some events. It is not safe for concurrent use.
type Scanner struct {
	index  index
	master []age.Identity
	events []eventKeys
	pdfs   map[[sha256.Size]byte][]byte // what pdftotext read, by SHA-256

	found map[Finding]bool
	where [2]string // the place and what in it is looked at now
	err   error     // the first that a look met
}

// Finding is something that is left. Two that say the same are one.
type Finding struct {
	Kind  string // of what was found
	What  string // which of that kind
	Place string // one of the places of Places
	Where string // a key or a file
	How   string // how it was written, "in" what it lay: "utf8 in deflate in age"
}

func (f Finding) String() string {
	return fmt.Sprintf("%s %q in %s, %s, as %s", f.Kind, f.What, f.Place, f.Where, f.How)
}

// Findings are what a search found, sorted.
type Findings []Finding

// Has reports whether something of that kind was found in that place.
func (f Findings) Has(kind, place string) bool {
	return slices.ContainsFunc(f, func(one Finding) bool { return one.Kind == kind && one.Place == place })
}

// Of returns which of that kind were found in that place, each once.
func (f Findings) Of(kind, place string) []string {
	var what []string
	for _, one := range f {
		if one.Kind == kind && one.Place == place && !slices.Contains(what, one.What) {
			what = append(what, one.What)
		}
	}
	return what
}

// String lists the findings, a line each, but not thousands.
func (f Findings) String() string {
	var b strings.Builder
	for i, one := range f {
		if i == 30 {
			fmt.Fprintf(&b, "… and %d more\n", len(f)-i)
			break
		}
		fmt.Fprintln(&b, one)
	}
	return b.String()
}

// eventKeys are an event's keys as its key file holds them.
type eventKeys struct {
	id      string
	tag     []byte
	records []byte
	files   []age.Identity
	keys    *crypto.EventKeys // of a keystore of the scanner's own
}

// New returns a scanner for these events, with a copy of its own of their keys
// as they are in the folder of the keystore now. masterFile is what keygen wrote.
// copies is a folder where the copy of the keystore is kept: none that is searched.
func New(keystore string, masterFile []byte, copies string, events ...string) (*Scanner, error) {
	s := &Scanner{found: map[Finding]bool{}, pdfs: map[[sha256.Size]byte][]byte{}}
	for line := range strings.Lines(string(masterFile)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1") {
			identity, err := age.ParseHybridIdentity(line)
			if err != nil {
				return nil, errors.New("a master that is no age identity")
			}
			s.master = append(s.master, identity)
		}
	}
	master, err := crypto.ParseMaster(masterFile)
	if err != nil {
		return nil, err
	}
	own, err := crypto.OpenKeystore(copies, master)
	if err != nil {
		return nil, err
	}
	for _, event := range events {
		sealed, err := os.ReadFile(filepath.Join(keystore, event+".age"))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(copies, event+".age"), sealed, 0o600); err != nil {
			return nil, err
		}
		keys, err := s.openKeys(event, sealed)
		if err != nil {
			return nil, err
		}
		if keys.keys, err = own.Keys(event); err != nil {
			return nil, err
		}
		s.events = append(s.events, keys)
		s.index.add(KindTag, event, "raw", keys.tag)
		for how, form := range base64Forms(keys.tag) {
			s.index.add(KindTag, event, how, form)
		}
	}
	return s, nil
}

// openKeys reads a key file without the help of package crypto.
func (s *Scanner) openKeys(event string, sealed []byte) (eventKeys, error) {
	plain, err := age.Decrypt(bytes.NewReader(sealed), s.master...)
	if err != nil {
		return eventKeys{}, err
	}
	var stored struct {
		Event              string
		Tag, Secret        []byte
		Uploads, Overviews string
	}
	if err := json.NewDecoder(plain).Decode(&stored); err != nil || stored.Event != event {
		return eventKeys{}, fmt.Errorf("the key file of event %s cannot be read", event)
	}
	k := eventKeys{id: event, tag: stored.Tag}
	if k.records, err = recordKey(stored.Secret); err != nil {
		return eventKeys{}, err
	}
	for _, text := range []string{stored.Uploads, stored.Overviews} {
		identity, err := age.ParseX25519Identity(text)
		if err != nil {
			return eventKeys{}, err
		}
		k.files = append(k.files, identity)
	}
	return k, nil
}

// Mark has the scanner look for these values, of six bytes at least, in every
// form in which text is written.
func (s *Scanner) Mark(kind string, values ...string) {
	for _, value := range values {
		for how, form := range forms(value) {
			s.index.add(kind, value, how, form)
		}
	}
}

// MarkStudents marks all that is known of these students of the event, and
// their login codes by id. Names and classes of fewer than six bytes, which
// stand in files by chance, are not looked for: invent longer ones.
func (s *Scanner) MarkStudents(event string, students []enroll.Student, codes map[string]crypto.Code) {
	mark := func(kind, value string) {
		if len(value) >= minNeedle {
			s.Mark(kind, value)
		}
	}
	for _, st := range students {
		mark(KindID, st.ID)
		mark(KindNumber, st.Number)
		mark(KindName, st.FirstName)
		mark(KindName, st.LastName)
		mark(KindEmail, st.Email)
		mark(KindClass, st.Class)
		if code, ok := codes[st.ID]; ok {
			s.MarkCode(event, code)
		}
	}
}

// MarkCode marks a login code of the event, its secret part alone, and its place
// in the login index.
func (s *Scanner) MarkCode(event string, code crypto.Code) {
	text := string(code)
	s.Mark(KindCode, text, strings.ReplaceAll(text, "-", ""))
	if secret := strings.ReplaceAll(text, "-", ""); len(secret) > 4 {
		s.Mark(KindCode, secret[4:])
	}
	for _, k := range s.events {
		if k.id == event {
			s.Mark(KindIndex, k.keys.LoginMAC(code))
		}
	}
}

// Markers returns how many values are looked for, and in how many forms altogether.
func (s *Scanner) Markers() (values, forms int) { return len(s.index.values), s.index.size }

// note adds what is found of the piece that is looked at now.
func (s *Scanner) note(kind, what string, how []string) {
	way := slices.Clone(how)
	slices.Reverse(way)
	s.found[Finding{kind, what, s.where[0], s.where[1], strings.Join(way, " in ")}] = true
}
