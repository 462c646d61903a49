package purge

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// unlisted returns the files, relative to Redis's folder, that lie beside its
// append-only file and are no part of it: a rewrite that was broken off, or a
// backup, left them there. Redis never looks at them again.
//
// The manifest beside them names the files that are in use. A file with a number
// above those is left alone, as the next rewrite may take that very name: the
// rewrites of the purge itself overtake it. So is the file in which a manifest is
// written before it takes its place: each rewrite takes that name, and it names
// files alone. Where a manifest is not understood
// nothing is told of: what is left there is for verify to find.
func unlisted(dir string) ([]string, error) {
	manifests, err := filepath.Glob(filepath.Join(dir, "*", "*"+manifestSuffix))
	if err != nil {
		return nil, fmt.Errorf("redis's folder: %w", err)
	}
	var names []string
	for _, manifest := range manifests {
		if strings.HasPrefix(filepath.Base(manifest), "temp-") {
			continue // not in its place
		}
		found, err := unlistedBy(manifest)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			names = append(names, filepath.Join(filepath.Base(filepath.Dir(manifest)), name))
		}
	}
	return names, nil
}

const manifestSuffix = ".manifest"

func unlistedBy(manifest string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(manifest)) // before the manifest: what is listed since then is not unlisted
	if err != nil {
		return nil, fmt.Errorf("redis's append-only file: %w", err)
	}
	text, err := readIfThere(manifest)
	if err != nil {
		return nil, fmt.Errorf("redis's append-only file: %w", err)
	}
	listed, last := map[string]bool{}, 0
	for line := range strings.Lines(string(text)) { // file NAME seq 3 type i
		words := strings.Fields(line)
		if len(words) < 6 || words[0] != "file" || words[2] != "seq" {
			return nil, nil
		}
		seq, err := strconv.Atoi(words[3])
		if err != nil {
			return nil, nil
		}
		listed[words[1]], last = true, max(last, seq)
	}
	name := strings.TrimSuffix(filepath.Base(manifest), manifestSuffix)
	var names []string
	for _, e := range entries {
		if !e.Type().IsRegular() || listed[e.Name()] || e.Name() == "temp-"+filepath.Base(manifest) {
			continue
		}
		seq, numbered := sequence(e.Name(), name)
		if numbered && seq <= last || strings.HasPrefix(e.Name(), "temp-") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// sequence returns the number in NAME.3.base.rdb, NAME.3.base.aof or NAME.3.incr.aof.
func sequence(file, name string) (int, bool) {
	rest, ok := strings.CutPrefix(file, name+".")
	if !ok {
		return 0, false
	}
	number, kind, _ := strings.Cut(rest, ".")
	seq, err := strconv.Atoi(number)
	return seq, err == nil && (kind == "base.rdb" || kind == "base.aof" || kind == "incr.aof")
}
