package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cultuurdag/crypto"
)

// Tries that come at once are held to the limit as those that come one by one.
func TestABurstOfWrongPasswordsIsLimited(t *testing.T) {
	s := newSite(t)
	s.account(t, "", "organisator@example.org")
	v := s.program(t)
	var (
		mu   sync.Mutex
		seen = map[int]int{}
		wg   sync.WaitGroup
	)
	for range 2 * wrongPasswords {
		wg.Go(func() {
			r := v.json("POST", "/sign-in", map[string]string{"email": "organisator@example.org", "password": "fout"})
			mu.Lock()
			seen[r.status]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if seen[http.StatusUnauthorized] != wrongPasswords || seen[http.StatusTooManyRequests] != wrongPasswords {
		t.Errorf("answers: %v", seen)
	}
}

// Ten wrong passwords from one address keep that address out, not the owner
// who signs in from another.
func TestWrongPasswordsDoNotLockTheOwnerOut(t *testing.T) {
	s := newSite(t)
	s.account(t, "", "organisator@example.org")
	try := func(from, password string) int {
		r := httptest.NewRequest("POST", "/sign-in", strings.NewReader(`{"email":"organisator@example.org","password":"`+password+`"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = from + ":1"
		w := httptest.NewRecorder()
		s.Config.Handler.ServeHTTP(w, r)
		return w.Code
	}
	for range wrongPasswords {
		if got := try("192.0.2.1", "fout"); got != http.StatusUnauthorized {
			t.Fatalf("a wrong password: %d", got)
		}
	}
	if got := try("192.0.2.1", password); got != http.StatusTooManyRequests {
		t.Errorf("the address that guessed: %d", got)
	}
	if got := try("192.0.2.2", password); got != http.StatusNoContent {
		t.Errorf("the owner elsewhere: %d", got)
	}
}

// Right codes are taken back, wrong ones are counted before they are looked up.
func TestWrongCodesAloneAreCounted(t *testing.T) {
	s := newSite(t)
	who := crypto.AddressMAC([]byte("a secret of the tests"), "127.0.0.1")
	for range wrongCodes - 1 {
		if err := s.Store.Allow(t.Context(), "code", who, wrongCodes, wrongCodesWindow); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.students {
		s.program(t).signIn(i)
	}
	code := crypto.NewCode(s.event.Code)
	for _, want := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		if r := s.program(t).json("POST", "/student/sign-in", map[string]string{"code": code.String()}); r.status != want {
			t.Errorf("a wrong code: %d, want %d", r.status, want)
		}
	}
}
