package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

const staffCookie = "staff"

// How long staff stay signed in, by the machine's own clock.
const (
	staffLifetime = 12 * time.Hour
	staffIdle     = 2 * time.Hour
)

// What a login session holds.
const (
	sessionAccount    = "account"    // id
	sessionGeneration = "generation" // Account.Sessions at sign-in: a new password ends the older ones

	sessionLink       = "link"        // of an invitation that was just made, until its page is shown
	sessionLinkFor    = "link_for"    // the name of whom it is for
	sessionLinkSchool = "link_school" // on whose page it is shown
)

func newStaffSessions(rdb redis.UniversalClient, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{rdb}
	m.HashTokenInStore = true
	m.Lifetime, m.IdleTimeout = staffLifetime, staffIdle
	m.Cookie.Name, m.Cookie.Secure = staffCookie, secure
	return m
}

// sessionStore keeps login sessions in Redis. The store that comes with scs
// takes a client of a single node alone, and this one may be a cluster's.
type sessionStore struct{ rdb redis.UniversalClient }

func sessionKey(token string) string { return store.StaffSessions + token }

func sessionError(err error) error { return fmt.Errorf("%w: login session: %w", enroll.ErrStore, err) }

// FindCtx returns the data of a session, and whether there is one.
func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, err := s.rdb.Get(ctx, sessionKey(token)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, false, nil
	case err != nil:
		return nil, false, sessionError(err)
	}
	return data, true, nil
}

// goesOn marks the context of a session that goes on. It is not brought back
// when it was ended between being read and being kept.
type goesOn struct{}

// CommitCtx keeps the data of a session until it expires.
func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	args := redis.SetArgs{TTL: max(time.Until(expiry), time.Millisecond)}
	if ctx.Value(goesOn{}) != nil {
		args.Mode = "XX"
	}
	if err := s.rdb.SetArgs(ctx, sessionKey(token), data, args).Err(); err != nil && !errors.Is(err, redis.Nil) {
		return sessionError(err)
	}
	return nil
}

// DeleteCtx deletes a session, if there is one.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	if err := s.rdb.Del(ctx, sessionKey(token)).Err(); err != nil {
		return sessionError(err)
	}
	return nil
}

// Find, Commit and Delete are what scs wants of a store besides; it calls those
// above.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// session returns the request's context with its login session, an empty one
// where there is none.
func (s *Server) session(c *gin.Context) (context.Context, error) {
	token := ""
	if cookie, err := c.Request.Cookie(staffCookie); err == nil {
		token = cookie.Value
	}
	return s.staff.Load(c.Request.Context(), token)
}

// beginSession signs the account in, under a new token, and sends the cookie.
func (s *Server) beginSession(c *gin.Context, a enroll.Account) error {
	ctx, err := s.session(c)
	if err != nil {
		return err
	}
	if err := s.staff.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing a login session: %w", err)
	}
	s.staff.Put(ctx, sessionAccount, a.ID)
	s.staff.Put(ctx, sessionGeneration, a.Sessions)
	return s.keepSession(ctx, c)
}

func (s *Server) keepSession(ctx context.Context, c *gin.Context) error {
	token, expiry, err := s.staff.Commit(ctx)
	if err != nil {
		return fmt.Errorf("keeping a login session: %w", err)
	}
	s.setCookie(c, staffCookie, token, int(time.Until(expiry).Seconds())+1)
	return nil
}

// endSession signs this browser out.
func (s *Server) endSession(c *gin.Context) error {
	ctx, err := s.session(c)
	if err != nil {
		return err
	}
	s.setCookie(c, staffCookie, "", -1)
	if err := s.staff.Destroy(ctx); err != nil {
		return fmt.Errorf("ending a login session: %w", err)
	}
	return nil
}

// signedIn returns the account that this request comes from: that of an API
// token, or that of the login session, which it keeps from falling idle.
// ErrSignedOut where there is neither.
func (s *Server) signedIn(c *gin.Context) (enroll.Account, error) {
	if header := c.GetHeader("Authorization"); header != "" {
		kind, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(kind, "Bearer") {
			return enroll.Account{}, enroll.ErrSignedOut
		}
		return s.store.AccountByAPIToken(c.Request.Context(), strings.TrimSpace(token))
	}
	ctx, err := s.session(c)
	if err != nil {
		return enroll.Account{}, err
	}
	id := s.staff.GetString(ctx, sessionAccount)
	if id == "" {
		return enroll.Account{}, enroll.ErrSignedOut
	}
	a, err := s.store.Account(ctx, id)
	if errors.Is(err, enroll.ErrNotFound) || err == nil && s.staff.GetInt(ctx, sessionGeneration) != a.Sessions {
		return enroll.Account{}, errors.Join(enroll.ErrSignedOut, s.staff.Destroy(ctx))
	}
	if err != nil {
		return enroll.Account{}, err
	}
	return a, s.keepSession(context.WithValue(ctx, goesOn{}, true), c)
}

// requireStaff lets those through who are signed in. A person who is not gets
// the page to sign in, and comes back to where they were.
func (s *Server) requireStaff(c *gin.Context) error {
	a, err := s.signedIn(c)
	if errors.Is(err, enroll.ErrSignedOut) && !wantsJSON(c) {
		c.Abort()
		page := s.signInPage(c)
		page.Ended = true
		if c.Request.Method == http.MethodGet {
			page.Next = c.Request.URL.RequestURI()
		}
		return s.render(c, http.StatusUnauthorized, "staff/sign-in", &page)
	}
	if err != nil {
		return err
	}
	c.Set(staffKey, a)
	return nil
}

// requireOrganiser comes after requireStaff.
func (s *Server) requireOrganiser(c *gin.Context) error {
	if account(c).Role != enroll.Organiser {
		return enroll.ErrForbidden
	}
	return nil
}

// account returns who is signed in, after requireStaff.
func account(c *gin.Context) enroll.Account { return c.MustGet(staffKey).(enroll.Account) }

const eventKey = "event"

// requireEvent comes after requireStaff: it finds the event of the route. What
// belongs to another school is not told from what never was.
func (s *Server) requireEvent(c *gin.Context) error {
	e, err := s.store.Event(c.Request.Context(), c.Param("event"))
	if err != nil {
		return err
	}
	if !account(c).MayAccess(e.School) { // guard: school
		return enroll.ErrNotFound
	}
	c.Set(eventKey, e)
	return nil
}

// requireData comes after requireEvent, before whatever touches students. Where
// the program's clock alone says that they are gone, the gate tells why.
func (s *Server) requireData(c *gin.Context) error {
	if e := event(c); e.Gone(s.clock.Now()) {
		return cmp.Or(s.store.Gate(c.Request.Context(), e.ID), enroll.ErrPurged)
	}
	return nil
}

// event returns the event of the route, after requireEvent.
func event(c *gin.Context) enroll.Event { return c.MustGet(eventKey).(enroll.Event) }

// audit writes down what the account that is signed in does. It comes before
// anything personal is sent. The detail is a name of a list, a class, a
// school or a count: never a student.
func (s *Server) audit(c *gin.Context, action, event, detail string) error {
	a := account(c)
	return s.store.Audit(c.Request.Context(), store.AuditEntry{
		Account: a.ID, Who: a.Email, Action: action, Event: event, Detail: detail,
	})
}
