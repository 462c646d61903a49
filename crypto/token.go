package crypto

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
)

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewToken returns a secret of 32 random bytes in base64url, for login sessions,
// invitations and API tokens. Only HashToken of it is stored.
func NewToken() string {
	b := make([]byte, 32)
	rand.Read(b) // crypto/rand never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// HashToken returns SHA-256 of a token in hex: a token has too many bits to be
// guessed, so a fast hash without salt will do.
func HashToken(t string) string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}

// NewID returns an opaque id: 80 random bits in sixteen characters a-z2-7.
func NewID() string {
	b := make([]byte, 10)
	rand.Read(b)
	return lowerBase32.EncodeToString(b)
}

// AddressMAC returns the key under which a rate limit counts an address: 32 hex
// digits of HMAC-SHA256, so that the address itself is kept nowhere.
func AddressMAC(secret []byte, address string) string { return shortMAC(secret, address) }
