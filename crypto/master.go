package crypto

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Master seals the keys of events. It holds one or more hybrid (post-quantum)
// age identities: the first seals, all of them open, so that a master is
// replaced by putting a new one above it. It is safe for concurrent use.
type Master struct {
	identities []age.Identity
	recipient  age.Recipient // of the first
}

// GenerateMaster makes a new identity. It returns what belongs in the file that
// LoadMaster reads, and the public recipient (age1pq1…).
func GenerateMaster() (fileContents []byte, recipient string, err error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, "", fmt.Errorf("making a master: %w", err)
	}
	recipient = id.Recipient().String()
	return fmt.Appendf(nil, "# public key: %s\n%s\n", recipient, id), recipient, nil
}

// LoadMaster reads a master from a file as ParseMaster does. A file that others
// than its owner may read is ErrMode.
func LoadMaster(path string) (*Master, error) {
	data, err := readSecretFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the master: %w", err)
	}
	defer clear(data)
	m, err := ParseMaster(data)
	if err != nil {
		return nil, fmt.Errorf("reading the master from %s: %w", path, err)
	}
	return m, nil
}

// ParseMaster reads identities (AGE-SECRET-KEY-PQ-1…), one a line. Empty lines
// and lines that begin with # are passed over; anything else is an error that
// names the line, never what stands there.
func ParseMaster(data []byte) (*Master, error) {
	m := &Master{}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		id, err := age.ParseHybridIdentity(string(line))
		if err != nil && strings.HasPrefix(string(line), "AGE-SECRET-KEY-1") {
			return nil, fmt.Errorf("line %d: this identity is not a post-quantum one (AGE-SECRET-KEY-PQ-1…)", n)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: not an age identity (AGE-SECRET-KEY-PQ-1…)", n)
		}
		if m.recipient == nil {
			m.recipient = id.Recipient()
		}
		m.identities = append(m.identities, id)
	}
	if m.recipient == nil {
		return nil, errors.New("no age identity (AGE-SECRET-KEY-PQ-1…) in it")
	}
	return m, nil
}

// String keeps the identities out of anything that prints a Master.
func (m *Master) String() string { return "master" }

// Subkey derives 32 bytes for that purpose from the identity that seals. They
// change with it.
func (m *Master) Subkey(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(fmt.Sprint(m.identities[0])), nil, "cultuurdag "+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are never too many
	}
	return key
}

// Seal encrypts plaintext to the first identity, as a binary age file.
func (m *Master) Seal(plaintext []byte) ([]byte, error) {
	sealed, err := encryptTo(m.recipient, plaintext)
	if err != nil {
		return nil, fmt.Errorf("sealing to the master: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made, with whichever identity fits; ErrMaster when
// none does or when it is damaged.
func (m *Master) Open(sealed []byte) ([]byte, error) {
	plaintext, err := decryptWith(bytes.NewReader(sealed), m.identities...)
	if err != nil {
		return nil, ErrMaster
	}
	return plaintext, nil
}

func encryptTo(recipient age.Recipient, plaintext []byte) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipient)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// decryptWith reads a binary age file to its end: nothing is returned of a file
// of which a later chunk does not authenticate.
func decryptWith(sealed io.Reader, identities ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(sealed, identities...)
	if err != nil {
		return nil, err
	}
	plaintext, err := io.ReadAll(r)
	if err != nil {
		clear(plaintext)
		return nil, err
	}
	return plaintext, nil
}
