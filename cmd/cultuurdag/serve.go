package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/purge"
)

// ServeCommand runs the program for real.
type ServeCommand struct {
	Config `embed:"" prefix:"set-"`
}

// Run serves until it is told to stop.
func (c *ServeCommand) Run(ctx context.Context, io *streams) error {
	if err := forbidCoreDumps(); err != nil {
		return fmt.Errorf("core dumps cannot be forbidden: %w", err)
	}
	p, closeAll, err := c.open(io.err)
	if err != nil {
		return err
	}
	defer closeAll()
	a, err := newApp(p)
	if err != nil {
		return err
	}
	admin, err := startAdmin(c.AdminAddr, a)
	if err != nil {
		return err
	}
	defer admin.Close()
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("CULTUURDAG_ADDR: %w", err)
	}
	defer listener.Close()
	return a.run(ctx, listener, func() {
		admin.ready()
		p.logger.Info("ready", "addr", listener.Addr().String(), "role", c.Role)
	})
}

// open checks the settings and opens what they name. The function that it
// returns closes it all. The purge log is begun where there is none.
func (c *Config) open(logs io.Writer) (parts, func(), error) {
	p, closeAll, err := c.openStore(logs)
	if err != nil {
		return parts{}, nil, err
	}
	logKey, err := crypto.LoadLogKey(c.PurgeLogKey)
	if err != nil {
		closeAll()
		return parts{}, nil, fmt.Errorf("CULTUURDAG_PURGE_LOG_KEY: %w", err)
	}
	if p.purgeLog, err = purge.Open(c.PurgeLog, logKey); err != nil {
		closeAll()
		return parts{}, nil, fmt.Errorf("CULTUURDAG_PURGE_LOG: %w", err)
	}
	return p, closeAll, nil
}

// openStore is open without the purge log, which it leaves alone.
func (c *Config) openStore(logs io.Writer) (parts, func(), error) {
	if err := c.Check(); err != nil {
		return parts{}, nil, err
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return parts{}, nil, err
	}
	enroll.Amsterdam = zone
	master, err := crypto.LoadMaster(c.MasterKeyFile)
	if err != nil {
		return parts{}, nil, fmt.Errorf("CULTUURDAG_MASTER_KEY_FILE: %w", err)
	}
	keystore, err := crypto.OpenKeystore(c.Keystore, master)
	if err != nil {
		return parts{}, nil, fmt.Errorf("CULTUURDAG_KEYSTORE: %w", err)
	}
	baseURL, err := parseBaseURL(c.BaseURL)
	if err != nil {
		return parts{}, nil, fmt.Errorf("CULTUURDAG_BASE_URL %w", err)
	}
	provider, err := LoadProvider(c.ProviderFile)
	if err != nil {
		return parts{}, nil, fmt.Errorf("CULTUURDAG_PROVIDER_FILE: %w", err)
	}
	var mailer *mail.Mailer
	if c.SMTPURL != "" {
		if mailer, err = mail.New(c.SMTPURL, c.MailFrom); err != nil {
			return parts{}, nil, fmt.Errorf("CULTUURDAG_SMTP_URL: %w", err)
		}
	}
	rdb, err := OpenRedis(c.RedisURL)
	if err != nil {
		return parts{}, nil, fmt.Errorf("CULTUURDAG_REDIS_URL %w", err)
	}
	logger := slog.New(slog.NewJSONHandler(logs, nil))
	return parts{
			redis: rdb, master: master, keystore: keystore, redisDir: c.RedisDir,
			clock: &enroll.Clock{}, logger: logger, provider: provider, baseURL: baseURL, proxies: c.TrustedProxies,
			mailer: mailer, web: c.Role != "worker", worker: c.Role != "web", poll: time.Second,
		}, func() {
			if err := rdb.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
				logger.Warn("closing Redis", "err", err)
			}
		}, nil
}
