package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// minPassword is the fewest characters of a password of staff.
const minPassword = 12

// withStore opens what the settings name, but for the purge log, and calls do
// with the store.
func (c *Config) withStore(io *streams, do func(p parts, s *store.Store) error) error {
	p, closeAll, err := c.openStore(io.err)
	if err != nil {
		return err
	}
	defer closeAll()
	return do(p, store.New(p.redis, p.keystore, p.clock))
}

// AccountAddCommand adds a member of staff.
type AccountAddCommand struct {
	Config        `embed:"" prefix:"set-"`
	Role          string `required:"" enum:"organiser" help:"organiser; contacts are invited from the school's page."`
	Email         string `required:"" help:"The address to sign in with."`
	Name          string `help:"How colleagues know them."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input; else a link to set one is printed."`
}

// Run adds the account, and prints a link to set a password unless one came in.
func (c *AccountAddCommand) Run(ctx context.Context, io *streams) error {
	return c.withStore(io, func(p parts, s *store.Store) error {
		account := enroll.Account{Role: enroll.Role(c.Role), Email: c.Email, Name: c.Name}
		if c.PasswordStdin {
			password, err := firstLine(io.in)
			if err != nil {
				return err
			}
			if len([]rune(password)) < minPassword {
				return fmt.Errorf("the password has fewer than %d characters", minPassword)
			}
			if account.Password, err = crypto.HashPassword(ctx, password); err != nil {
				return err
			}
		}
		account, err := s.AddAccount(ctx, account)
		var faults enroll.FieldErrors
		switch {
		case errors.Is(err, enroll.ErrEmailTaken):
			return fmt.Errorf("there is an account with the address %s already", account.Email)
		case errors.As(err, &faults):
			return fmt.Errorf("--%s is not right (%s)", faults[0].Field, faults[0].Code)
		case err != nil:
			return err
		}
		fmt.Fprintf(io.out, "added %s %s\n", account.Role, account.Email)
		if c.PasswordStdin {
			return nil
		}
		token, err := s.NewInvitation(ctx, account.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "set a password within seven days: %s/invitation#%s\n", p.baseURL, token)
		return err
	})
}

// firstLine reads a line, without its end.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// TokenCreateCommand makes an API token.
type TokenCreateCommand struct {
	Config `embed:"" prefix:"set-"`
	Email  string `required:"" help:"The account that the program acts as."`
	Name   string `required:"" help:"What the token is for."`
}

// Run prints the token, once: only its hash is kept.
func (c *TokenCreateCommand) Run(ctx context.Context, io *streams) error {
	return c.withStore(io, func(_ parts, s *store.Store) error {
		account, err := s.AccountByEmail(ctx, c.Email)
		if errors.Is(err, enroll.ErrNotFound) {
			return fmt.Errorf("there is no account with the address %s", c.Email)
		}
		if err != nil {
			return err
		}
		token, err := s.NewAPIToken(ctx, account.ID)
		if err != nil {
			return err
		}
		if err := s.Audit(ctx, store.AuditEntry{Account: account.ID, Who: account.Email, Action: "token.create", Detail: c.Name}); err != nil {
			return err
		}
		_, err = fmt.Fprintln(io.out, token)
		return err
	})
}

// dateTime is how commands print a moment, local time.
func dateTime(t time.Time) string { return t.In(enroll.Amsterdam).Format("2006-01-02 15:04") }
