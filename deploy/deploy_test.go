// Package deploy_test holds what is shipped against what it has to be: Redis's
// settings and users on a real server, the names of settings, the confinement
// of containers and units, and the layout of the repository.
package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// contract is every setting of serve that people and scripts hold on to.
var contract = []string{
	"CULTUURDAG_ADDR", "CULTUURDAG_BASE_URL", "CULTUURDAG_REDIS_URL", "CULTUURDAG_REDIS_DIR", "CULTUURDAG_MASTER_KEY_FILE",
	"CULTUURDAG_KEYSTORE", "CULTUURDAG_PURGE_LOG", "CULTUURDAG_PURGE_LOG_KEY", "CULTUURDAG_PROVIDER_FILE", "CULTUURDAG_TRUSTED_PROXIES",
	"CULTUURDAG_SMTP_URL", "CULTUURDAG_MAIL_FROM", "CULTUURDAG_TIMEZONE", "CULTUURDAG_ROLE", "CULTUURDAG_ADMIN_ADDR",
}

func TestShippedFilesNameOnlySettingsThatExist(t *testing.T) {
	setting := regexp.MustCompile(`CULTUURDAG_[A-Z_]*[A-Z]`)
	for _, name := range []string{"../docker-compose.yml", "Dockerfile", "Caddyfile", "cultuurdag.service", "cultuurdag-redis.service", "cultuurdag.env.example"} {
		for _, got := range setting.FindAllString(read(t, name), -1) {
			if !slices.Contains(contract, got) {
				t.Errorf("%s names %s, which does not exist", name, got)
			}
		}
	}
}

func TestTheExampleSetsEverySettingOnce(t *testing.T) {
	var got []string
	for line := range strings.Lines(read(t, "cultuurdag.env.example")) {
		if name, _, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			got = append(got, name)
		}
	}
	wantSettings(t, got)
}

func TestConfigHasTheSettingsOfTheContract(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../cmd/cultuurdag/config.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	ast.Inspect(file, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok && field.Tag != nil {
			tag, err := strconv.Unquote(field.Tag.Value)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, reflect.StructTag(tag).Get("env"))
		}
		return true
	})
	wantSettings(t, got)
}

func wantSettings(t *testing.T, got []string) {
	t.Helper()
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(contract)); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// compose is what the tests look at of docker-compose.yml.
type compose struct {
	Services map[string]service
	Volumes  map[string]any
	Secrets  map[string]struct{ File string }
}

type service struct {
	User        string
	ReadOnly    bool `yaml:"read_only"`
	Privileged  bool
	CapDrop     []string `yaml:"cap_drop"`
	CapAdd      []string `yaml:"cap_add"`
	SecurityOpt []string `yaml:"security_opt"`
	Restart     string
	NetworkMode string `yaml:"network_mode"`
	Environment map[string]string
	Secrets     []string
	Volumes     []any // NAME:TARGET, or a bind mount in long form
	Ports       []string
	Healthcheck struct{ Test []string }
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(read(t, "../docker-compose.yml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryContainerIsConfined(t *testing.T) {
	services := readCompose(t).Services
	if len(services) != 3 {
		t.Errorf("%d services, want app, redis and caddy", len(services))
	}
	for name, s := range services {
		if s.User != "65532:65532" {
			t.Errorf("%s runs as %q: the three share the owner of the volumes, not root", name, s.User)
		}
		if !s.ReadOnly || s.Privileged || len(s.CapAdd) > 0 || !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s has a writable root or capabilities", name)
		}
		if !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s may gain privileges", name)
		}
		if s.Restart != "unless-stopped" || len(s.Healthcheck.Test) < 2 {
			t.Errorf("%s has no restart policy or no health check", name)
		}
		if name != "caddy" && len(s.Ports) > 0 {
			t.Errorf("%s is published", name)
		}
	}
	if services["redis"].NetworkMode != "none" {
		t.Error("redis has a network, and a user without a password")
	}
}

func TestKeysLogAndDataLieInVolumesOfTheirOwn(t *testing.T) {
	c := readCompose(t)
	app, redis := c.Services["app"], c.Services["redis"]
	for _, tt := range []struct{ setting, volume, target string }{
		{"CULTUURDAG_KEYSTORE", "keystore", "/volumes/keystore"},
		{"CULTUURDAG_PURGE_LOG", "purge-log", "/volumes/purge-log"},
		{"CULTUURDAG_REDIS_DIR", "redis", "/volumes/redis"},
	} {
		value := app.Environment[tt.setting]
		if value != tt.target && !strings.HasPrefix(value, tt.target+"/") {
			t.Errorf("%s is %s, outside the volume %s", tt.setting, value, tt.volume)
		}
		if _, ok := c.Volumes[tt.volume]; !ok {
			t.Errorf("there is no volume %s", tt.volume)
		}
		if !slices.Contains(app.Volumes, any(tt.volume+":"+tt.target)) {
			t.Errorf("app does not mount %s", tt.volume)
		}
		if got := slices.Contains(redis.Volumes, any(tt.volume+":"+tt.target)); got != (tt.volume == "redis") {
			t.Errorf("redis mounts %s: %v", tt.volume, got)
		}
	}
	for _, setting := range []string{"CULTUURDAG_MASTER_KEY_FILE", "CULTUURDAG_PURGE_LOG_KEY"} {
		name, isSecret := strings.CutPrefix(app.Environment[setting], "/run/secrets/")
		if !isSecret || !slices.Contains(app.Secrets, name) || c.Secrets[name].File == "" {
			t.Errorf("%s is %s, which is no secret", setting, app.Environment[setting])
		}
	}
}

func TestEveryUnitIsConfined(t *testing.T) {
	for _, name := range []string{"cultuurdag.service", "cultuurdag-redis.service"} {
		lines := strings.Split(read(t, name), "\n")
		for _, want := range []string{
			"User=cultuurdag", "ProtectSystem=strict", "ProtectHome=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=",
			"LimitCORE=0", "UMask=0077", "PrivateTmp=yes", "PrivateDevices=yes", "MemoryDenyWriteExecute=yes", "Restart=always",
		} {
			if !slices.Contains(lines, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
}

func TestCaddyWritesNoAccessLog(t *testing.T) {
	caddyfile := read(t, "Caddyfile")
	if regexp.MustCompile(`(?m)^\s*log( \w+)? \{`).FindString(caddyfile) != "\tlog default {" || strings.Count(caddyfile, "log default") != 1 {
		t.Error("there is a log beside Caddy's own")
	}
	for _, want := range []string{"request delete", "flush_interval -1", "max_header_size"} {
		if !strings.Contains(caddyfile, want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestTheImageIsBuiltWithTheGoOfTheModule(t *testing.T) {
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "../go.mod"))
	if version == nil || !strings.Contains(read(t, "Dockerfile"), "FROM golang:"+version[1]+"-") {
		t.Errorf("go.mod says Go %v, the Dockerfile something else", version)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
