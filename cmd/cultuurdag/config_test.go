package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// goodConfig returns settings without a fault, their files in a new folder.
func goodConfig(t *testing.T) (c *Config, dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string]string{
		"master.key":    "AGE-SECRET-KEY-PQ-1…",
		"log.key":       "PRIVATE+KEY+…",
		"provider.json": goodProvider,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keystore := filepath.Join(dir, "keystore")
	if err := os.Mkdir(keystore, 0o700); err != nil {
		t.Fatal(err)
	}
	return &Config{
		Addr:          "127.0.0.1:8080",
		BaseURL:       "https://cultuurdag.example.nl",
		RedisURL:      "unix://cultuurdag:socket@/run/redis/redis.sock",
		MasterKeyFile: filepath.Join(dir, "master.key"),
		Keystore:      keystore,
		PurgeLog:      filepath.Join(dir, "purge.log"),
		PurgeLogKey:   filepath.Join(dir, "log.key"),
		ProviderFile:  filepath.Join(dir, "provider.json"),
		Timezone:      "Europe/Amsterdam",
		Role:          "all",
		AdminAddr:     "127.0.0.1:9090",
	}, dir
}

func TestEveryFaultNamesItsSetting(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *Config, dir string)
		want   string // the whole error; DIR is the folder
	}{
		{"nothing wrong", func(*Config, string) {}, ""},
		{"no address", func(c *Config, _ string) { c.Addr = "" }, "CULTUURDAG_ADDR is missing"},
		{"address without port", func(c *Config, _ string) { c.Addr = "localhost" }, `CULTUURDAG_ADDR "localhost" is not host:port`},
		{"all addresses", func(c *Config, _ string) { c.Addr = ":8080" }, ""},
		{"address as URL", func(c *Config, _ string) { c.Addr = "http://:80" }, `CULTUURDAG_ADDR "http://:80" is not host:port`},
		{"port too high", func(c *Config, _ string) { c.AdminAddr = "[::1]:70000" }, `CULTUURDAG_ADMIN_ADDR "[::1]:70000" has no port from 0 to 65535`},
		{"no base", func(c *Config, _ string) { c.BaseURL = "" }, "CULTUURDAG_BASE_URL is missing"},
		{"base with a path", func(c *Config, _ string) { c.BaseURL = "https://example.nl/dag" }, "CULTUURDAG_BASE_URL is not an address such as https://cultuurdag.example.nl, without a path"},
		{"base in the clear", func(c *Config, _ string) { c.BaseURL = "http://example.nl" }, "CULTUURDAG_BASE_URL has to be https: http is for this machine alone"},
		{"base in the clear on this machine", func(c *Config, _ string) { c.BaseURL = "http://127.0.0.1:8080" }, ""},
		{"base of another kind", func(c *Config, _ string) { c.BaseURL = "ftp://example.nl" }, `CULTUURDAG_BASE_URL has the scheme "ftp" instead of https`},
		{"no Redis", func(c *Config, _ string) { c.RedisURL = "" }, "CULTUURDAG_REDIS_URL is missing"},
		{"Redis of another kind", func(c *Config, _ string) { c.RedisURL = "http://u:secret@example.nl" }, "CULTUURDAG_REDIS_URL has a scheme that is not redis, rediss, unix or redis+cluster"},
		{"Redis folder gone", func(c *Config, dir string) { c.RedisDir = dir + "/gone" }, `CULTUURDAG_REDIS_DIR cannot read "DIR/gone": no such file or directory`},
		{"Redis folder a file", func(c *Config, dir string) { c.RedisDir = dir + "/log.key" }, `CULTUURDAG_REDIS_DIR "DIR/log.key" is not a folder`},
		{"Redis folder", func(c *Config, dir string) { c.RedisDir = dir }, ""},
		{"no master key", func(c *Config, _ string) { c.MasterKeyFile = "" }, "CULTUURDAG_MASTER_KEY_FILE is missing"},
		{"master key gone", func(c *Config, dir string) { c.MasterKeyFile = dir + "/gone" }, `CULTUURDAG_MASTER_KEY_FILE cannot read "DIR/gone": no such file or directory`},
		{"master key for all to read", func(c *Config, dir string) { chmod(c.MasterKeyFile, 0o644) }, `CULTUURDAG_MASTER_KEY_FILE "DIR/master.key" has mode 0644: chmod 0600`},
		{"master key read-only", func(c *Config, dir string) { chmod(c.MasterKeyFile, 0o400) }, ""},
		{"no keystore", func(c *Config, _ string) { c.Keystore = "" }, "CULTUURDAG_KEYSTORE is missing"},
		{"keystore gone", func(c *Config, dir string) { c.Keystore = dir + "/gone" }, `CULTUURDAG_KEYSTORE cannot read "DIR/gone": no such file or directory`},
		{"keystore open to the group", func(c *Config, _ string) { chmod(c.Keystore, 0o750) }, `CULTUURDAG_KEYSTORE "DIR/keystore" has mode 0750: chmod 0700`},
		{"no purge log", func(c *Config, _ string) { c.PurgeLog = "" }, "CULTUURDAG_PURGE_LOG is missing"},
		{"purge log in a folder that is gone", func(c *Config, dir string) { c.PurgeLog = dir + "/gone/purge.log" }, `CULTUURDAG_PURGE_LOG cannot read "DIR/gone": no such file or directory`},
		{"purge log a folder", func(c *Config, dir string) { c.PurgeLog = dir }, `CULTUURDAG_PURGE_LOG "DIR" is not a file`},
		{"purge log of last year", func(c *Config, dir string) { c.PurgeLog = c.PurgeLogKey }, ""},
		{"no log key", func(c *Config, _ string) { c.PurgeLogKey = "" }, "CULTUURDAG_PURGE_LOG_KEY is missing"},
		{"log key for the group to write", func(c *Config, _ string) { chmod(c.PurgeLogKey, 0o620) }, `CULTUURDAG_PURGE_LOG_KEY "DIR/log.key" has mode 0620: chmod 0600`},
		{"no provider", func(c *Config, _ string) { c.ProviderFile = "" }, "CULTUURDAG_PROVIDER_FILE is missing"},
		{"provider gone", func(c *Config, dir string) { c.ProviderFile = dir + "/gone" }, `CULTUURDAG_PROVIDER_FILE cannot read "DIR/gone": no such file or directory`},
		{"proxies", func(c *Config, _ string) { c.TrustedProxies = []string{"10.0.0.1", "fd00::/8"} }, ""},
		{"proxy by name", func(c *Config, _ string) { c.TrustedProxies = []string{"10.0.0.1", "caddy"} }, `CULTUURDAG_TRUSTED_PROXIES has "caddy", which is neither an address nor a network such as 10.0.0.0/8`},
		{"mail", func(c *Config, _ string) {
			c.SMTPURL, c.MailFrom = "smtp://u:secret@mail.example.nl:587", "Cultuurdag <post@example.nl>"
		}, ""},
		{"mail of another kind", func(c *Config, _ string) { c.SMTPURL, c.MailFrom = "imap://mail.example.nl", "post@example.nl" }, `CULTUURDAG_SMTP_URL has the scheme "imap" instead of smtp or smtps`},
		{"mail without a host", func(c *Config, _ string) { c.SMTPURL, c.MailFrom = "smtp:mail", "post@example.nl" }, "CULTUURDAG_SMTP_URL is not a URL such as smtp://user:password@mail.example.nl:587"},
		{"mail without a sender", func(c *Config, _ string) { c.SMTPURL = "smtps://mail.example.nl" }, "CULTUURDAG_MAIL_FROM is missing, while CULTUURDAG_SMTP_URL is set"},
		{"sender that is none", func(c *Config, _ string) { c.MailFrom = "post" }, "CULTUURDAG_MAIL_FROM is not an e-mail address"},
		{"no zone", func(c *Config, _ string) { c.Timezone = "" }, "CULTUURDAG_TIMEZONE is missing"},
		{"zone that is none", func(c *Config, _ string) { c.Timezone = "Europe/Utrecht" }, `CULTUURDAG_TIMEZONE "Europe/Utrecht" is not a time zone such as Europe/Amsterdam`},
		{"worker", func(c *Config, _ string) { c.Role = "worker" }, ""},
		{"role that is none", func(c *Config, _ string) { c.Role = "both" }, `CULTUURDAG_ROLE is "both" instead of web, worker or all`},
		{"two faults", func(c *Config, _ string) { c.Role, c.Timezone = "", "" }, "CULTUURDAG_TIMEZONE is missing\nCULTUURDAG_ROLE is \"empty\" instead of web, worker or all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, dir := goodConfig(t)
			tt.change(c, dir)
			got := ""
			if err := c.Check(); err != nil {
				got = strings.ReplaceAll(err.Error(), dir, "DIR")
			}
			if got != tt.want {
				t.Errorf("Check() says\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// What is printed, mailed and compared is one way of writing an address.
func TestBaseURLIsWrittenOneWay(t *testing.T) {
	for raw, want := range map[string]string{
		"https://cultuurdag.example.nl":   "https://cultuurdag.example.nl",
		"https://cultuurdag.example.nl/":  "https://cultuurdag.example.nl",
		"https://cultuurdag.example.nl//": "https://cultuurdag.example.nl",
		"HTTPS://Cultuurdag.Example.nl":   "https://cultuurdag.example.nl",
		"https://example.nl:8443/":        "https://example.nl:8443",
		"http://LOCALHOST:8080/":          "http://localhost:8080",
		"http://[::1]:8080":               "http://[::1]:8080",
	} {
		if got, err := parseBaseURL(raw); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", raw, got, err, want)
		}
	}
}

func chmod(name string, mode os.FileMode) {
	if err := os.Chmod(name, mode); err != nil {
		panic(err)
	}
}

func TestAnEmptyEnvironmentNamesEverythingThatIsNeeded(t *testing.T) {
	config := parseConfig(t)
	err := config.Check()
	if err == nil {
		t.Fatal("no error")
	}
	var got []string
	for line := range strings.Lines(err.Error()) {
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "CULTUURDAG_"), " is missing"))
	}
	want := "BASE_URL REDIS_URL MASTER_KEY_FILE KEYSTORE PURGE_LOG PURGE_LOG_KEY PROVIDER_FILE"
	if strings.Join(got, " ") != want {
		t.Errorf("missing are %q, want %q", got, want)
	}
	if config.Addr != "127.0.0.1:8080" || config.AdminAddr != "127.0.0.1:9090" || config.Timezone != "Europe/Amsterdam" || config.Role != "all" || config.TrustedProxies != nil {
		t.Errorf("defaults are %+v", config)
	}
}

func TestSettingsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("CULTUURDAG_ROLE", "worker")
	t.Setenv("CULTUURDAG_SMTP_URL", "smtp://mail.example.nl")
	t.Setenv("CULTUURDAG_TRUSTED_PROXIES", "10.0.0.1,fd00::/8")
	config := parseConfig(t)
	if config.Role != "worker" || config.SMTPURL != "smtp://mail.example.nl" {
		t.Errorf("got %+v", config)
	}
	if got := strings.Join(config.TrustedProxies, " "); got != "10.0.0.1 fd00::/8" {
		t.Errorf("proxies are %q", got)
	}
}

// parseConfig reads the settings as serve does.
func parseConfig(t *testing.T) Config {
	t.Helper()
	var cli struct {
		Serve struct{ Config } `cmd:""`
	}
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"serve"}); err != nil {
		t.Fatal(err)
	}
	return cli.Serve.Config
}

func TestNoFaultRepeatsAPassword(t *testing.T) {
	for _, raw := range []string{
		"redis://u:hunter2@host:port", "redis://u:hunter2@host/x", "unix://u:hunter2@host/x", "rediss://u:hunter2@h%zz",
		"redis+cluster://u:hunter2@h:1:2", "redis+cluster://u:hunter2@h:1/0?bad=1", "mysql://u:hunter2@h", "redis://u:hunter2@h?bad=1",
		"smtp://u:hunter2@h%zz", "u:hunter2@h", "://u:hunter2@h",
	} {
		c, _ := goodConfig(t)
		c.RedisURL, c.SMTPURL = raw, raw
		err := c.Check()
		if err == nil {
			t.Errorf("%q has no fault", raw)
			continue
		}
		if regexp.MustCompile(`hunter2`).MatchString(err.Error()) {
			t.Errorf("the password is in: %v", err)
		}
	}
}
