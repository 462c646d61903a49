package crypto

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// LogKey is the Ed25519 key that signs the purge log, as a signed note
// (golang.org/x/mod/sumdb/note). It is safe for concurrent use.
type LogKey struct {
	signer note.Signer
	public string
}

// GenerateLogKey makes a new key that signs as name, which may hold no space
// and no plus. It returns what belongs in the file that LoadLogKey reads, and
// the verifier key, which is public.
func GenerateLogKey(name string) (secret []byte, public string, err error) {
	skey, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, "", fmt.Errorf("making a purge-log key: %w", err)
	}
	if _, err := ParseLogKey([]byte(skey)); err != nil { // a name that no note can carry
		return nil, "", fmt.Errorf("making a purge-log key for %q: %w", name, err)
	}
	return []byte(skey + "\n"), public, nil
}

// LoadLogKey reads the key from a file. A file that others than its owner may
// read is ErrMode; one that holds no key is ErrLogKey.
func LoadLogKey(path string) (*LogKey, error) {
	data, err := readSecretFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the purge-log key: %w", err)
	}
	defer clear(data)
	k, err := ParseLogKey(data)
	if err != nil {
		return nil, fmt.Errorf("reading the purge-log key from %s: %w", path, err)
	}
	return k, nil
}

// ParseLogKey reads what GenerateLogKey made, or returns ErrLogKey.
func ParseLogKey(data []byte) (*LogKey, error) {
	skey := string(bytes.TrimSpace(data))
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, ErrLogKey
	}
	// PRIVATE+KEY+NAME+HASH+KEY, where KEY is a byte for the algorithm and the
	// seed in base64, which may hold a plus of its own.
	part := strings.SplitN(skey, "+", 5)
	key, err := base64.StdEncoding.DecodeString(part[4])
	if err != nil || len(key) != 1+ed25519.SeedSize {
		return nil, ErrLogKey
	}
	private := ed25519.NewKeyFromSeed(key[1:])
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.PublicKey(private[ed25519.SeedSize:]))
	if err != nil {
		return nil, ErrLogKey
	}
	return &LogKey{signer, public}, nil
}

// String keeps the secret out of anything that prints a LogKey.
func (k *LogKey) String() string { return "purge-log key " + k.public }

// Public returns the verifier key, NAME+HASH+KEY, for VerifyNote and for whoever
// checks the log with a program of their own.
func (k *LogKey) Public() string { return k.public }

// Sign returns text with the signature beneath it. The text is UTF-8 without
// control characters and ends with a newline; ErrNote when it is not, so that
// nothing is signed that cannot be verified.
func (k *LogKey) Sign(text string) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNote, err)
	}
	if _, err := VerifyNote(k.public, signed); err != nil {
		return nil, err
	}
	return signed, nil
}

// VerifyNote checks that signed is a note with a good signature of the verifier
// key public, and returns its text. ErrNote when it is not, ErrLogKey when
// public is no verifier key. Signatures of other keys are passed over.
func VerifyNote(public string, signed []byte) (text string, err error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return "", ErrLogKey
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNote, err)
	}
	return n.Text, nil
}
