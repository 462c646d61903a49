package crypto

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPassword(t *testing.T) {
	ctx := t.Context()
	encoded, err := HashPassword(ctx, "vier losse woorden")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=47104,t=1,p=1$") {
		t.Errorf("encoded as %s", encoded)
	}
	again, err := HashPassword(ctx, "vier losse woorden")
	if err != nil {
		t.Fatal(err)
	}
	if again == encoded {
		t.Error("two hashes share a salt")
	}
	for _, test := range []struct {
		encoded, password string
		want              bool
	}{
		{encoded, "vier losse woorden", true},
		{again, "vier losse woorden", true},
		{encoded, "Vier losse woorden", false},
		{encoded, "", false},
		{"", "vier losse woorden", false},
		{"", "", false},
	} {
		if got, err := CheckPassword(ctx, test.encoded, test.password); err != nil || got != test.want {
			t.Errorf("CheckPassword(%q, %q) = %v, %v", test.encoded, test.password, got, err)
		}
	}
}

// A hash made by the reference implementation:
// printf password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32
func TestPasswordOfTheReferenceImplementation(t *testing.T) {
	const encoded = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := CheckPassword(t.Context(), encoded, "password"); err != nil || !ok {
		t.Errorf("CheckPassword = %v, %v", ok, err)
	}
}

func TestMalformedPasswordHash(t *testing.T) {
	const salt, hash = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, encoded := range []string{
		"plain", "$argon2id$", "$argon2i$v=19$m=47104,t=1,p=1$" + salt + "$" + hash, "$argon2id$v=16$m=47104,t=1,p=1$" + salt + "$" + hash,
		"$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=47104,t=4294967295,p=1$" + salt + "$" + hash,
		"$argon2id$v=19$m=47104,t=0,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=47104,t=1,p=0$" + salt + "$" + hash,
		"$argon2id$v=19$m=47104,t=1,p=1$$" + hash, "$argon2id$v=19$m=47104,t=1,p=1$" + salt + "$", "$argon2id$v=19$m=47104,t=1,p=1$!$!",
		"$argon2id$v=19$m=47104,t=1,p=1,x=2$" + salt + "$" + hash, "$argon2id$v=19$m=+47104,t=1,p=1$" + salt + "$" + hash,
	} {
		if ok, err := CheckPassword(t.Context(), encoded, ""); !errors.Is(err, ErrPasswordHash) || ok {
			t.Errorf("CheckPassword(%q) = %v, %v, want ErrPasswordHash", encoded, ok, err)
		}
	}
}

// With both places taken, the next in line waits, and leaves when its request ends.
func TestPasswordsWaitTheirTurn(t *testing.T) {
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := HashPassword(ctx, "vier losse woorden")
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("HashPassword: %v, want context.Canceled", err)
	}
	if _, err := CheckPassword(ctx, "", "vier losse woorden"); !errors.Is(err, context.Canceled) {
		t.Errorf("CheckPassword: %v, want context.Canceled", err)
	}

	go func() {
		_, err := HashPassword(context.Background(), "vier losse woorden")
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("hashed without a place: %v", err)
	default:
	}
	for range cap(hashing) {
		<-hashing
	}
	if err := <-done; err != nil {
		t.Errorf("once there is a place: %v", err)
	}
}

// Whether there is an account must not show in the time: both run the same
// computation. The benchmarks are there to be compared.
func BenchmarkCheckPassword(b *testing.B) {
	encoded, err := HashPassword(b.Context(), "vier losse woorden")
	if err != nil {
		b.Fatal(err)
	}
	for name, encoded := range map[string]string{"account": encoded, "no account": ""} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := CheckPassword(b.Context(), encoded, "iets anders"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
