package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"cultuurdag/scheduler/mail"
)

// Config is every setting of serve, and of the commands that work on the same
// data. Each comes from the environment; Check tells what is wrong with them.
type Config struct {
	// Addr is where the application listens, host:port.
	Addr string `env:"CULTUURDAG_ADDR" default:"127.0.0.1:8080" help:"Where the application listens."`

	// BaseURL is how people reach it, without a path. It stands in QR codes
	// and mail. https, unless the host is this machine.
	BaseURL string `env:"CULTUURDAG_BASE_URL" help:"How people reach it: https://cultuurdag.example.nl."`

	// RedisURL is where Redis is: redis, rediss (TLS), unix or redis+cluster;
	// see OpenRedis for the forms. It may hold a password: never log it.
	RedisURL string `env:"CULTUURDAG_REDIS_URL" help:"Where Redis is: redis, rediss, unix or redis+cluster."`

	// RedisDir is Redis's data folder as this process sees it, or "". The
	// purge removes old snapshots from it and searches it for residue. It is
	// never asked of Redis, whose path may be one of another machine.
	RedisDir string `env:"CULTUURDAG_REDIS_DIR" help:"Redis's data folder, where it can be seen."`

	// MasterKeyFile holds the age identities that open the event keys. The
	// first seals. Nobody but its owner may have any access to it.
	MasterKeyFile string `env:"CULTUURDAG_MASTER_KEY_FILE" help:"The master identity, made by keygen."`

	// Keystore is the folder of the event keys, one file an event, shared by
	// all processes, outside Redis and its backups.
	Keystore string `env:"CULTUURDAG_KEYSTORE" help:"The folder of the event keys."`

	// PurgeLog is the append-only file of what was destroyed when. It is made
	// at the first start, in a folder that is there.
	PurgeLog string `env:"CULTUURDAG_PURGE_LOG" help:"The file of the purge log."`

	// PurgeLogKey is the file of the Ed25519 key that signs the purge log.
	PurgeLogKey string `env:"CULTUURDAG_PURGE_LOG_KEY" help:"The key that signs the purge log, made by keygen."`

	// ProviderFile says who runs this, as JSON; see Provider.
	ProviderFile string `env:"CULTUURDAG_PROVIDER_FILE" help:"Who runs this, as JSON."`

	// TrustedProxies are the addresses or networks whose X-Forwarded-For is
	// believed. None by default.
	TrustedProxies []string `env:"CULTUURDAG_TRUSTED_PROXIES" sep:"," help:"Proxies whose X-Forwarded-For is believed."`

	// SMTPURL is where mail is handed in: smtp (with STARTTLS) or smtps (with
	// TLS from the first byte), user and password included; "" sends none.
	// It may hold a password: never log it.
	SMTPURL string `name:"smtp-url" env:"CULTUURDAG_SMTP_URL" help:"Where mail is handed in: smtp or smtps; empty sends none."`

	// MailFrom is the sender of all mail; needed with SMTPURL.
	MailFrom string `env:"CULTUURDAG_MAIL_FROM" help:"The sender of mail."`

	// Timezone is the zone of the dates and times that people read.
	Timezone string `env:"CULTUURDAG_TIMEZONE" default:"Europe/Amsterdam" help:"The zone of dates and times."`

	// Role is what this process does: web, worker, or all (both). The sweep
	// runs in each.
	Role string `env:"CULTUURDAG_ROLE" default:"all" help:"What this process does: web, worker or all."`

	// AdminAddr is where metrics and health are served, loopback by default:
	// whoever reaches it may read them.
	AdminAddr string `env:"CULTUURDAG_ADMIN_ADDR" default:"127.0.0.1:9090" help:"Where metrics and health are served."`
}

// Check returns nil, or an error with one sentence (a line) for each setting
// that is wrong or missing, which begins with the setting's name. What a URL
// holds is never repeated in it, for the sake of the password.
func (c *Config) Check() error {
	return errors.Join(
		setting("ADDR", checkAddr(c.Addr)),
		setting("BASE_URL", checkBaseURL(c.BaseURL)),
		setting("REDIS_URL", checkRedisURL(c.RedisURL)),
		setting("REDIS_DIR", optional(c.RedisDir, checkFolder)),
		setting("MASTER_KEY_FILE", checkSecretFile(c.MasterKeyFile)),
		setting("KEYSTORE", checkSecretFolder(c.Keystore)),
		setting("PURGE_LOG", checkNewOrOld(c.PurgeLog)),
		setting("PURGE_LOG_KEY", checkSecretFile(c.PurgeLogKey)),
		setting("PROVIDER_FILE", checkProviderFile(c.ProviderFile)),
		setting("TRUSTED_PROXIES", checkProxies(c.TrustedProxies)),
		setting("SMTP_URL", optional(c.SMTPURL, mail.CheckURL)),
		setting("MAIL_FROM", checkMailFrom(c.MailFrom, c.SMTPURL)),
		setting("TIMEZONE", checkTimezone(c.Timezone)),
		setting("ROLE", checkRole(c.Role)),
		setting("ADMIN_ADDR", checkAddr(c.AdminAddr)),
	)
}

var errMissing = errors.New("is missing")

// setting names the setting that err is about; nil stays nil.
func setting(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("CULTUURDAG_%s %w", name, err)
}

// optional checks value unless it is left out.
func optional(value string, check func(string) error) error {
	if value == "" {
		return nil
	}
	return check(value)
}

func checkAddr(addr string) error {
	if addr == "" {
		return errMissing
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535", addr)
	}
	if strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("%q is not host:port, without a scheme", addr)
	}
	return nil
}

func checkBaseURL(raw string) error {
	_, err := parseBaseURL(raw)
	return err
}

// parseBaseURL returns the address as the rest of the program takes it, and as
// browsers write an origin: scheme and host in lower case, no slash at the end.
func parseBaseURL(raw string) (string, error) {
	if raw == "" {
		return "", errMissing
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return "", errors.New("is not an address such as https://cultuurdag.example.nl, without a path")
	}
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https", u.Scheme == "http" && isThisMachine(strings.ToLower(u.Hostname())):
		return u.Scheme + "://" + host, nil // url.Parse put the scheme in lower case
	case u.Scheme == "http":
		return "", errors.New("has to be https: http is for this machine alone")
	}
	return "", fmt.Errorf("has the scheme %q instead of https", u.Scheme)
}

func isThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func checkRedisURL(raw string) error {
	if raw == "" {
		return errMissing
	}
	_, err := parseRedisURL(raw)
	return err
}

func checkFolder(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return cannotRead(name, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%q is not a folder", name)
	}
	return nil
}

// checkSecretFolder also refuses a folder that others may look into. A missing
// one is not made: it would hide that a volume is not mounted.
func checkSecretFolder(name string) error {
	if name == "" {
		return errMissing
	}
	if err := checkFolder(name); err != nil {
		return err
	}
	return checkPrivate(name, 0o700)
}

func checkSecretFile(name string) error {
	if name == "" {
		return errMissing
	}
	if err := checkFile(name); err != nil {
		return err
	}
	return checkPrivate(name, 0o600)
}

func checkFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return cannotRead(name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return cannotRead(name, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is not a file", name)
	}
	return nil
}

// checkPrivate refuses a mode that grants more than widest.
func checkPrivate(name string, widest fs.FileMode) error {
	info, err := os.Stat(name)
	if err != nil {
		return cannotRead(name, err)
	}
	if mode := info.Mode().Perm(); mode&^widest != 0 {
		return fmt.Errorf("%q has mode %04o: chmod %04o", name, mode, widest)
	}
	return nil
}

// checkNewOrOld accepts a file that is there, and one that can be made in a
// folder that is there.
func checkNewOrOld(name string) error {
	if name == "" {
		return errMissing
	}
	err := checkFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return checkFolder(filepath.Dir(name))
	}
	return err
}

func checkProviderFile(name string) error {
	if name == "" {
		return errMissing
	}
	_, err := LoadProvider(name)
	return err
}

func checkProxies(proxies []string) error {
	for _, p := range proxies {
		_, errAddr := netip.ParseAddr(p)
		_, errNet := netip.ParsePrefix(p)
		if errAddr != nil && errNet != nil {
			return fmt.Errorf("has %q, which is neither an address nor a network such as 10.0.0.0/8", p)
		}
	}
	return nil
}

func checkMailFrom(from, smtpURL string) error {
	switch {
	case from == "" && smtpURL == "":
		return nil
	case from == "":
		return errors.New("is missing, while CULTUURDAG_SMTP_URL is set")
	}
	return checkMailAddress(from)
}

func checkTimezone(name string) error {
	if name == "" {
		return errMissing
	}
	if _, err := time.LoadLocation(name); err != nil {
		return fmt.Errorf("%q is not a time zone such as Europe/Amsterdam", name)
	}
	return nil
}

func checkRole(role string) error {
	switch role {
	case "web", "worker", "all":
		return nil
	}
	return fmt.Errorf("is %q instead of web, worker or all", cmp.Or(role, "empty"))
}

// cannotRead says in a few words why the file cannot be read, and still wraps
// fs.ErrNotExist and fs.ErrPermission.
func cannotRead(name string, err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot read %q: %w", name, err)
}
