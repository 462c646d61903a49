package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// AddAccount keeps a new member of staff and returns the account with its id.
// Password is an encoded hash or empty. ErrEmailTaken, or FieldErrors.
func (s *Store) AddAccount(ctx context.Context, a enroll.Account) (enroll.Account, error) {
	a.Normalize()
	if err := a.Check(); err != nil {
		return a, err
	}
	a.ID, a.CreatedAt = crypto.NewID(), s.clock.Now()
	fresh, err := s.rdb.HSetNX(ctx, keyEmails, a.Email, a.ID).Result()
	if err != nil {
		return a, away(err)
	}
	if !fresh {
		// Unless the program stopped between the two writes of an earlier call.
		if _, err := s.AccountByEmail(ctx, a.Email); !errors.Is(err, enroll.ErrNotFound) {
			return a, cmp.Or(err, enroll.ErrEmailTaken)
		}
		if err := s.rdb.HSet(ctx, keyEmails, a.Email, a.ID).Err(); err != nil {
			return a, away(err)
		}
	}
	data, err := json.Marshal(a)
	if err != nil {
		return a, fmt.Errorf("account as JSON: %w", err)
	}
	return a, away(s.rdb.HSet(ctx, keyAccounts, a.ID, data).Err())
}

// Account returns the account with that id, or ErrNotFound.
func (s *Store) Account(ctx context.Context, id string) (enroll.Account, error) {
	var a enroll.Account
	data, err := s.rdb.HGet(ctx, keyAccounts, id).Bytes()
	if errors.Is(err, redis.Nil) {
		return a, enroll.ErrNotFound
	}
	if err != nil {
		return a, away(err)
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("account from JSON: %w", err)
	}
	return a, nil
}

// AccountByEmail returns the account with that address, or ErrNotFound.
func (s *Store) AccountByEmail(ctx context.Context, email string) (enroll.Account, error) {
	a := enroll.Account{Email: email}
	a.Normalize()
	id, err := s.rdb.HGet(ctx, keyEmails, a.Email).Result()
	if errors.Is(err, redis.Nil) {
		return a, enroll.ErrNotFound
	}
	if err != nil {
		return a, away(err)
	}
	return s.Account(ctx, id)
}

// Accounts returns every account that keep says yes to, by e-mail.
func (s *Store) Accounts(ctx context.Context, keep func(enroll.Account) bool) ([]enroll.Account, error) {
	all, err := s.rdb.HGetAll(ctx, keyAccounts).Result()
	if err != nil {
		return nil, away(err)
	}
	var accounts []enroll.Account
	for id, data := range all {
		var a enroll.Account
		if err := json.Unmarshal([]byte(data), &a); err != nil {
			return nil, fmt.Errorf("account %s from JSON: %w", id, err)
		}
		if keep(a) {
			accounts = append(accounts, a)
		}
	}
	slices.SortFunc(accounts, func(a, b enroll.Account) int { return cmp.Compare(a.Email, b.Email) })
	return accounts, nil
}

// replaceScript sets a field of a hash that is there: KEYS hash; ARGV field, value.
var replaceScript = redis.NewScript(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`)

// SetPassword gives the account a new password, an encoded hash, and ends its
// login sessions.
func (s *Store) SetPassword(ctx context.Context, id, encoded string) (enroll.Account, error) {
	a, err := s.Account(ctx, id)
	if err != nil {
		return a, err
	}
	a.Password = encoded
	a.Sessions++
	data, err := json.Marshal(a)
	if err != nil {
		return a, fmt.Errorf("account as JSON: %w", err)
	}
	there, err := replaceScript.Run(ctx, s.rdb, []string{keyAccounts}, a.ID, data).Int()
	if err == nil && there == 0 {
		return a, enroll.ErrNotFound // removed meanwhile
	}
	return a, away(err)
}

// RemoveAccount deletes the account; its login sessions and tokens end with it.
func (s *Store) RemoveAccount(ctx context.Context, id string) error {
	a, err := s.Account(ctx, id)
	if err != nil {
		return err
	}
	if err := s.rdb.HDel(ctx, keyAccounts, id).Err(); err != nil {
		return away(err)
	}
	return away(s.rdb.HDel(ctx, keyEmails, a.Email).Err())
}

// invitationLife is how long a link to set a first password works.
const invitationLife = 7 * 24 * time.Hour

// NewInvitation returns a token with which the account's password may be set,
// once, within seven days, as long as no other password was set since.
func (s *Store) NewInvitation(ctx context.Context, account string) (token string, err error) {
	a, err := s.Account(ctx, account)
	if err != nil {
		return "", err
	}
	token = crypto.NewToken()
	return token, away(s.rdb.Set(ctx, keyInvitation(crypto.HashToken(token)),
		fmt.Sprintf("%s:%d", a.ID, a.Sessions), invitationLife).Err())
}

// Invitation returns the account that a token from NewInvitation is for, and
// leaves the token be. ErrInvitationGone when it was used or is too old.
func (s *Store) Invitation(ctx context.Context, token string) (enroll.Account, error) {
	id, err := s.rdb.Get(ctx, keyInvitation(crypto.HashToken(token))).Result()
	return s.invited(ctx, id, err)
}

// UseInvitation does as Invitation and uses the token up.
func (s *Store) UseInvitation(ctx context.Context, token string) (enroll.Account, error) {
	id, err := s.rdb.GetDel(ctx, keyInvitation(crypto.HashToken(token))).Result()
	return s.invited(ctx, id, err)
}

func (s *Store) invited(ctx context.Context, stored string, err error) (enroll.Account, error) {
	if errors.Is(err, redis.Nil) {
		return enroll.Account{}, enroll.ErrInvitationGone
	}
	if err != nil {
		return enroll.Account{}, away(err)
	}
	id, generation := cut(stored, ':')
	a, err := s.Account(ctx, id)
	if errors.Is(err, enroll.ErrNotFound) || err == nil && fmt.Sprint(a.Sessions) != generation {
		return enroll.Account{}, enroll.ErrInvitationGone
	}
	return a, err
}

// NewAPIToken returns a token with which a program acts as the account.
func (s *Store) NewAPIToken(ctx context.Context, account string) (token string, err error) {
	token = crypto.NewToken()
	return token, away(s.rdb.HSet(ctx, keyTokens, crypto.HashToken(token), account).Err())
}

// AccountByAPIToken returns the account of a program, or ErrSignedOut.
func (s *Store) AccountByAPIToken(ctx context.Context, token string) (enroll.Account, error) {
	id, err := s.rdb.HGet(ctx, keyTokens, crypto.HashToken(token)).Result()
	if errors.Is(err, redis.Nil) {
		return enroll.Account{}, enroll.ErrSignedOut
	}
	if err != nil {
		return enroll.Account{}, away(err)
	}
	a, err := s.Account(ctx, id)
	if errors.Is(err, enroll.ErrNotFound) {
		return a, enroll.ErrSignedOut
	}
	return a, err
}
