package purgetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The places that are searched. Those of Folders and Texts have the names that
// they were given.
const (
	PlacePersonal = "personal keys"
	PlaceOther    = "other keys"
	PlaceAsynq    = "asynq's keys"
	PlaceLog      = "append-only file" // its base and what was appended
	PlaceUnlisted = "unlisted file"    // beside the append-only file, and no part of it
	PlaceSnapshot = "snapshot"
	PlaceTemp     = "temp file"
	PlaceRedisDir = "redis's folder" // whatever else lies there
)

// Places are what a search looks through. What is left empty is not searched.
type Places struct {
	Redis    redis.UniversalClient // every key of every node
	RedisDir string                // its data folder
	Folders  map[string]string     // by the name of the place: the keystore, the program's folder, TMPDIR …
	Texts    map[string][]byte     // by the name of the place: logs, output, metrics
}

// Search looks through all of the places.
func (s *Scanner) Search(ctx context.Context, p Places) (Findings, error) {
	s.found, s.err = map[Finding]bool{}, nil
	if p.Redis != nil {
		if err := s.redis(ctx, p.Redis); err != nil {
			return nil, fmt.Errorf("searching redis: %w", err)
		}
	}
	if p.RedisDir != "" {
		if err := s.redisDir(p.RedisDir); err != nil {
			return nil, err
		}
	}
	for _, place := range slices.Sorted(maps.Keys(p.Folders)) {
		if err := s.folder(p.Folders[place], func(string) string { return place }); err != nil {
			return nil, err
		}
	}
	for place, text := range p.Texts {
		s.where = [2]string{place, "text"}
		s.look(text)
	}
	found := Findings(slices.SortedFunc(maps.Keys(s.found), func(a, b Finding) int {
		return strings.Compare(a.Place+a.Where+a.Kind+a.What+a.How, b.Place+b.Where+b.Kind+b.What+b.How)
	}))
	return found, s.err
}

// folder searches the names and contents of all files below dir. A file that
// goes meanwhile holds nothing.
func (s *Scanner) folder(dir string, place func(path string) string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil
		}
		if err != nil {
			return fmt.Errorf("searching %s: %w", dir, err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		s.where = [2]string{place(path), name}
		s.look([]byte(name), "name")
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		s.look(data)
		return err
	})
}

// redisDir searches Redis's data folder, which tells its files apart by name,
// and those of the append-only file by its manifest.
func (s *Scanner) redisDir(dir string) error {
	aof := filepath.Join(dir, "appendonlydir")
	manifest, err := os.ReadFile(filepath.Join(aof, "appendonly.aof.manifest"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("searching redis's folder: %w", err)
	}
	listed := map[string]bool{"appendonly.aof.manifest": true}
	for line := range strings.Lines(string(manifest)) {
		if words := strings.Fields(line); len(words) > 1 {
			listed[words[1]] = true
		}
	}
	return s.folder(dir, func(path string) string {
		name := filepath.Base(path)
		switch {
		case filepath.Dir(path) == aof && listed[name]:
			return PlaceLog
		case strings.HasPrefix(name, "temp-"):
			return PlaceTemp
		case filepath.Dir(path) == aof:
			return PlaceUnlisted
		case strings.HasSuffix(name, ".rdb"):
			return PlaceSnapshot
		}
		return PlaceRedisDir
	})
}
