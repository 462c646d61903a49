package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionLine(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}
	tests := []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a release", debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.0"}}, "cultuurdag v1.2.0 go1.26.8"},
		{"without version control", debug.BuildInfo{GoVersion: "go1.26.8"}, "cultuurdag (devel) go1.26.8"},
		{"a commit", debug.BuildInfo{GoVersion: "go1.26.8", Settings: []debug.BuildSetting{revision, {Key: "vcs.modified", Value: "false"}}}, "cultuurdag (devel) 0123456789ab go1.26.8"},
		{"a changed tree", debug.BuildInfo{GoVersion: "go1.26.8", Settings: []debug.BuildSetting{revision, {Key: "vcs.modified", Value: "true"}}}, "cultuurdag (devel) 0123456789ab+ go1.26.8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := versionLine(&tt.info); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestVersionCommandPrintsOneLine(t *testing.T) {
	var out strings.Builder
	if err := (&VersionCommand{}).Run(&streams{out: &out}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasPrefix(got, "cultuurdag ") || strings.Count(got, "\n") != 1 {
		t.Errorf("printed %q", got)
	}
}
