package main

import (
	"fmt"
	"runtime/debug"
)

// VersionCommand prints which build this is.
type VersionCommand struct{}

// Run prints the program, its version and the version of Go on one line.
func (c *VersionCommand) Run(io *streams) error {
	_, err := fmt.Fprintln(io.out, versionLine(buildInfo()))
	return err
}

// buildInfo is what the go command knew of this build.
func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

// versionLine tells the module's version, or (devel), and the commit that the
// go command stamped into the build, if any, with + for uncommitted changes.
func versionLine(info *debug.BuildInfo) string {
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if commit != "" {
		version += " " + commit + changed
	}
	return fmt.Sprintf("cultuurdag %s %s", version, info.GoVersion)
}
