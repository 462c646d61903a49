package crypto

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

const (
	secretSize = 32
	tagSize    = 16
	// recordHead is what stands before the ciphertext of a record.
	recordHead = tagSize + 8 + chacha20poly1305.NonceSizeX
	// macSize is how much is kept of an HMAC that serves as an index, in bytes.
	macSize = 16
)

// EventKeys are the keys of one event, as Keystore hands them out. They are
// safe for concurrent use.
//
// The keystore wipes them when the event's key is destroyed or forgotten, also
// while somebody still holds them: from then on whatever returns an error
// returns ErrKeyGone, and SealRecord, LoginMAC and InputMAC return nothing. Ask the
// keystore anew for each piece of work rather than keeping them.
type EventKeys struct {
	event     string
	tag       []byte
	recipient *age.X25519Recipient

	mu        sync.RWMutex // guards what follows: all nil once wiped
	records   []byte
	login     []byte
	inputs    []byte
	uploads   *age.X25519Identity
	overviews *age.X25519Identity
}

// storedKeys is what lies, sealed to the master, in an event's key file.
type storedKeys struct {
	Event     string `json:"event"`
	Tag       []byte `json:"tag"`
	Secret    []byte `json:"secret"`
	Uploads   string `json:"uploads"`
	Overviews string `json:"overviews"`
}

// generateStoredKeys makes the keys of a new event.
func generateStoredKeys(event string) (storedKeys, error) {
	s := storedKeys{Event: event, Tag: make([]byte, tagSize), Secret: make([]byte, secretSize)}
	rand.Read(s.Tag) // crypto/rand never fails: it ends the program instead
	rand.Read(s.Secret)
	for _, to := range []*string{&s.Uploads, &s.Overviews} {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return storedKeys{}, err
		}
		*to = id.String()
	}
	return s, nil
}

// parseEventKeys reads what was stored for event; keys of another event are an
// error, so that key files cannot be swapped.
func parseEventKeys(event string, stored []byte) (*EventKeys, error) {
	var s storedKeys
	if err := json.Unmarshal(stored, &s); err != nil {
		return nil, errors.New("malformed event keys") // the decoder's text may quote them
	}
	defer clear(s.Secret)
	if s.Event != event {
		return nil, errors.New("keys of another event")
	}
	if len(s.Tag) != tagSize || len(s.Secret) != secretSize {
		return nil, errors.New("event keys of a wrong length")
	}
	k := &EventKeys{event: event, tag: s.Tag}
	var err error
	if k.uploads, err = age.ParseX25519Identity(s.Uploads); err != nil {
		return nil, errors.New("malformed identity for uploads")
	}
	if k.overviews, err = age.ParseX25519Identity(s.Overviews); err != nil {
		return nil, errors.New("malformed identity for overviews")
	}
	if k.records, err = hkdf.Key(sha256.New, s.Secret, nil, "records", chacha20poly1305.KeySize); err != nil {
		return nil, err
	}
	if k.login, err = hkdf.Key(sha256.New, s.Secret, nil, "login index", sha256.Size); err != nil {
		return nil, err
	}
	if k.inputs, err = hkdf.Key(sha256.New, s.Secret, nil, "inputs", sha256.Size); err != nil {
		return nil, err
	}
	k.recipient = k.uploads.Recipient()
	return k, nil
}

// wipe overwrites the symmetric keys and lets go of the identities, whose bytes
// the age package keeps to itself until the garbage collector reuses them.
func (k *EventKeys) wipe() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.records)
	clear(k.login)
	clear(k.inputs)
	k.records, k.login, k.inputs, k.uploads, k.overviews = nil, nil, nil, nil, nil
}

// Event returns the id of the event that the keys are of.
func (k *EventKeys) Event() string { return k.event }

// String keeps the keys out of anything that prints them.
func (k *EventKeys) String() string { return "keys of event " + k.event }

// Recipient returns the public age recipient (age1…) for class lists.
func (k *EventKeys) Recipient() string { return k.recipient.String() }

// Tag returns the 16 bytes at the head of every sealed record of the event, by
// which residue of it can be searched for. The caller owns the slice.
func (k *EventKeys) Tag() []byte { return bytes.Clone(k.tag) }

// Fingerprint returns sixteen hex digits of SHA-256 over Recipient, by which the
// certificate names the key that was destroyed.
func (k *EventKeys) Fingerprint() string {
	sum := sha256.Sum256([]byte(k.Recipient()))
	return hex.EncodeToString(sum[:8])
}

// SealRecord seals a record that opens under the same kind and id alone:
//
//	tag (16) ‖ version (8, big endian) ‖ nonce (24) ‖ XChaCha20-Poly1305
//
// The version stands in clear and is authenticated; whoever stores records
// compares it with the version that is expected. It returns nil when the key is
// gone, so that nothing is ever sealed with a wiped key.
func (k *EventKeys) SealRecord(kind, id string, version uint64, plaintext []byte) []byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.records == nil {
		return nil
	}
	aead, err := chacha20poly1305.NewX(k.records)
	if err != nil {
		panic("crypto: " + err.Error()) // a key of a wrong length: parseEventKeys makes none
	}
	sealed := make([]byte, 0, recordHead+len(plaintext)+chacha20poly1305.Overhead)
	sealed = append(sealed, k.tag...)
	sealed = binary.BigEndian.AppendUint64(sealed, version)
	sealed = sealed[:recordHead]
	nonce := sealed[tagSize+8:]
	rand.Read(nonce)
	return aead.Seal(sealed, nonce, plaintext, recordData(k.event, kind, id, version))
}

// OpenRecord opens what SealRecord made for the same kind and id, and returns
// its version too. ErrRecord when anything does not fit, ErrKeyGone when the key
// was wiped.
func (k *EventKeys) OpenRecord(kind, id string, sealed []byte) (plaintext []byte, version uint64, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.records == nil {
		return nil, 0, ErrKeyGone
	}
	if len(sealed) < recordHead || subtle.ConstantTimeCompare(sealed[:tagSize], k.tag) != 1 {
		return nil, 0, ErrRecord
	}
	aead, err := chacha20poly1305.NewX(k.records)
	if err != nil {
		return nil, 0, fmt.Errorf("opening a record: %w", err)
	}
	version = binary.BigEndian.Uint64(sealed[tagSize:])
	nonce := sealed[tagSize+8 : recordHead]
	plaintext, err = aead.Open(nil, nonce, sealed[recordHead:], recordData(k.event, kind, id, version))
	if err != nil {
		return nil, 0, ErrRecord
	}
	return plaintext, version, nil
}

// recordData is the associated data of a record. Each part is preceded by its
// length, so that ("a", "bc") and ("ab", "c") differ.
func recordData(event, kind, id string, version uint64) []byte {
	var data []byte
	for _, part := range []string{event, kind, id} {
		data = binary.BigEndian.AppendUint64(data, uint64(len(part)))
		data = append(data, part...)
	}
	return binary.BigEndian.AppendUint64(data, version)
}

// LoginMAC returns the index under which a login code is kept: 32 hex digits of
// HMAC-SHA256 under the login key; "" when the key is gone.
func (k *EventKeys) LoginMAC(code Code) string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.login == nil {
		return ""
	}
	return shortMAC(k.login, string(code))
}

// InputMAC returns the fingerprint of what an allocation was worked out from: 32
// hex digits of HMAC-SHA256; "" when the key is gone. Without the key nobody can
// try out which choices would have had it.
func (k *EventKeys) InputMAC(input []byte) string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.inputs == nil {
		return ""
	}
	return shortMAC(k.inputs, string(input))
}

// SealFile encrypts a generated overview into an age file. Its recipient is
// kept secret, so that nobody outside can make one that opens.
func (k *EventKeys) SealFile(plaintext []byte) ([]byte, error) {
	id := k.overviewsIdentity()
	if id == nil {
		return nil, ErrKeyGone
	}
	sealed, err := encryptTo(id.Recipient(), plaintext)
	if err != nil {
		return nil, fmt.Errorf("sealing a file: %w", err)
	}
	return sealed, nil
}

// OpenFile opens what SealFile made. ErrFile when it does not open, ErrKeyGone
// when the key was wiped.
func (k *EventKeys) OpenFile(sealed []byte) ([]byte, error) {
	id := k.overviewsIdentity()
	if id == nil {
		return nil, ErrKeyGone
	}
	plaintext, err := decryptWith(bytes.NewReader(sealed), id)
	if err != nil {
		return nil, ErrFile
	}
	return plaintext, nil
}

func (k *EventKeys) overviewsIdentity() *age.X25519Identity {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.overviews
}

func (k *EventKeys) uploadsIdentity() *age.X25519Identity {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.uploads
}

func shortMAC(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text)) // a hash never returns an error
	return hex.EncodeToString(mac.Sum(nil)[:macSize])
}
