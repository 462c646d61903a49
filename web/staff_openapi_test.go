package web

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// The description at /openapi.yaml and the routes say the same: every route is
// described, and nothing is described that is not there.
func TestEveryRouteIsDescribed(t *testing.T) {
	var described struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(openAPI, &described); err != nil {
		t.Fatal(err)
	}
	var want []string
	for path, methods := range described.Paths {
		named := map[string]bool{}
		parameters, _ := methods["parameters"].([]any)
		for _, p := range parameters {
			m := p.(map[string]any)
			name, _ := m["name"].(string)
			if ref, ok := m["$ref"].(string); ok {
				name = ref[strings.LastIndexByte(ref, '/')+1:]
			}
			named[name] = true
		}
		for _, m := range regexp.MustCompile(`{(\w+)}`).FindAllStringSubmatch(path, -1) {
			if !named[m[1]] {
				t.Errorf("%s: parameter %s is not described", path, m[1])
			}
		}
		for method := range methods {
			if method != "parameters" {
				want = append(want, strings.ToUpper(method)+" "+path)
			}
		}
	}
	s := newServer(t, func(cfg *Config) {
		cfg.Demo = true
		cfg.DemoMoves = func(context.Context) []DemoMove { return nil }
		cfg.MoveClock = func(context.Context, time.Time) error { return nil }
	})
	var got []string
	for _, r := range s.engine.Routes() {
		got = append(got, r.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}"))
	}
	slices.Sort(got)
	slices.Sort(want)
	for _, route := range got {
		if !slices.Contains(want, route) {
			t.Errorf("%s is not in openapi.yaml", route)
		}
	}
	for _, route := range want {
		if !slices.Contains(got, route) {
			t.Errorf("%s is in openapi.yaml and nowhere else", route)
		}
	}
	if len(got) < 50 {
		t.Errorf("only %d routes", len(got))
	}
}
