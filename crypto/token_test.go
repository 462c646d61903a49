package crypto

import (
	"regexp"
	"testing"
)

func TestTokensAndIDs(t *testing.T) {
	token, id := regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`), regexp.MustCompile(`^[a-z2-7]{16}$`)
	seen := map[string]bool{}
	for range 1000 {
		a, b := NewToken(), NewID()
		if !token.MatchString(a) || !id.MatchString(b) {
			t.Fatalf("token %q, id %q", a, b)
		}
		if seen[a] || seen[b] {
			t.Fatalf("%q or %q twice", a, b)
		}
		seen[a], seen[b] = true, true
	}
	if err := checkEvent(NewID()); err != nil {
		t.Errorf("an id is no event's: %v", err)
	}
}

func TestHashToken(t *testing.T) {
	// SHA-256 of "abc", FIPS 180-4.
	if got := HashToken("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("HashToken = %s", got)
	}
}

func TestAddressMAC(t *testing.T) {
	// RFC 4231, test case 2, cut to 16 bytes.
	if got := AddressMAC([]byte("Jefe"), "what do ya want for nothing?"); got != "5bdcc146bf60754e6a042426089575c7" {
		t.Errorf("AddressMAC = %s", got)
	}
	if AddressMAC([]byte("a"), "192.0.2.1") == AddressMAC([]byte("b"), "192.0.2.1") {
		t.Error("the secret does not count")
	}
}
