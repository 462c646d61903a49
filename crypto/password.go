package crypto

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of argon2id, from the OWASP Password Storage Cheat Sheet (its first
// choice: m=47104, which is 46 MiB, t=1, p=1), and the lengths from RFC 9106.
const (
	argonMemory  = 46 << 10 // KiB
	argonTime    = 1
	argonThreads = 1
	saltSize     = 16
	hashSize     = 32
)

// hashing lets two passwords be hashed at a time, so that a burst of sign-ins
// costs at most twice the memory of one.
var hashing = make(chan struct{}, 2)

// dummySalt is what CheckPassword hashes with where there is no account.
var dummySalt = make([]byte, saltSize)

// HashPassword hashes a password with argon2id and a random salt into a PHC
// string ($argon2id$v=19$m=47104,t=1,p=1$SALT$HASH). It waits its turn, and
// returns the error of ctx when that ends first.
func HashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt) // crypto/rand never fails: it ends the program instead
	p := passwordHash{argonMemory, argonTime, argonThreads, salt, make([]byte, hashSize)}
	var err error
	if p.hash, err = p.compute(ctx, password); err != nil {
		return "", err
	}
	return p.String(), nil
}

// CheckPassword reports whether password is the one that encoded was made from.
// Where encoded is "" (no such account) it takes as long and reports false. It
// waits its turn, and returns the error of ctx when that ends first;
// ErrPasswordHash when encoded is malformed.
func CheckPassword(ctx context.Context, encoded, password string) (bool, error) {
	p := passwordHash{argonMemory, argonTime, argonThreads, dummySalt, make([]byte, hashSize)}
	if encoded != "" {
		var err error
		if p, err = parsePasswordHash(encoded); err != nil {
			return false, err
		}
	}
	hash, err := p.compute(ctx, password)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(hash, p.hash) == 1
	return same && encoded != "", nil
}

// passwordHash is a PHC string of argon2id taken apart.
type passwordHash struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
	salt    []byte
	hash    []byte
}

// parsePasswordHash reads what String wrote. The costs are bounded, so that a
// stored string cannot take all memory.
func parsePasswordHash(encoded string) (passwordHash, error) {
	part := strings.Split(encoded, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return passwordHash{}, ErrPasswordHash
	}
	var p passwordHash
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return passwordHash{}, ErrPasswordHash
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(part[4]); err != nil {
		return passwordHash{}, ErrPasswordHash
	}
	if p.hash, err = base64.RawStdEncoding.DecodeString(part[5]); err != nil {
		return passwordHash{}, ErrPasswordHash
	}
	within := p.memory >= 8 && p.memory <= 256<<10 && p.time >= 1 && p.time <= 10 && p.threads >= 1 && p.threads <= 8 &&
		len(p.salt) >= 8 && len(p.salt) <= 64 && len(p.hash) >= 16 && len(p.hash) <= 64
	if !within || p.String() != encoded {
		return passwordHash{}, ErrPasswordHash
	}
	return p, nil
}

// String returns the PHC string.
func (p passwordHash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// compute hashes a password at p's cost, once it has its turn.
func (p passwordHash) compute(ctx context.Context, password string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.hash))), nil
}
