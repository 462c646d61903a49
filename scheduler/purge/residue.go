package purge

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// searched is what a search for tags found.
type searched struct {
	files   int                 // that were read
	holding map[string][]string // tag in hex -> files, relative to the folder
}

// residueOf searches Redis's files for one tag. One pass serves all events that
// are purged at the same time.
func (p *Purger) residueOf(ctx context.Context, tag string) (searched, error) {
	return p.searches.Do(ctx, tag, func(_ context.Context, tags []string) (searched, error) {
		return residue(p.RedisDir, tags...)
	})
}

// residue searches all files below dir for the tags of events, given in hex. A
// file that goes while it is searched holds nothing. Links are not followed.
func residue(dir string, tags ...string) (searched, error) {
	found := searched{holding: map[string][]string{}}
	t, err := newTagSet(tags)
	if err != nil {
		return found, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.Type().IsRegular() {
			return nil
		}
		var hits map[string]bool
		if err == nil {
			hits, err = t.inFile(path)
		}
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil
		}
		if err != nil {
			return err
		}
		found.files++
		name, err := filepath.Rel(dir, path)
		for tag := range hits {
			found.holding[tag] = append(found.holding[tag], name)
		}
		return err
	})
	if err != nil {
		return found, fmt.Errorf("searching redis's folder: %w", err)
	}
	return found, nil
}

// tagSize is the length of an event's tag in bytes.
const tagSize = 16

// tagSet searches for many tags in one pass: the first two bytes at a place tell
// nearly always that no tag stands there.
type tagSet struct {
	tags   map[[tagSize]byte]string
	starts [1 << 16]bool
}

func newTagSet(tags []string) (*tagSet, error) {
	t := &tagSet{tags: map[[tagSize]byte]string{}}
	for _, text := range tags {
		tag, err := hex.DecodeString(text)
		if err != nil || len(tag) != tagSize {
			return nil, errors.New("not the tag of an event")
		}
		t.tags[[tagSize]byte(tag)] = text
		t.starts[int(tag[0])<<8|int(tag[1])] = true
	}
	return t, nil
}

func (t *tagSet) inFile(path string) (map[string]bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	hits, err := t.inReader(f, 1<<20)
	return hits, errors.Join(err, f.Close())
}

// inReader reads to the end, a chunk at a time, each beginning with the last
// fifteen bytes of the one before.
func (t *tagSet) inReader(r io.Reader, chunk int) (map[string]bool, error) {
	hits := map[string]bool{}
	buf := make([]byte, tagSize-1+chunk)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		data := buf[:kept+n]
		for i := 0; i+tagSize <= len(data); i++ {
			if t.starts[int(data[i])<<8|int(data[i+1])] {
				if tag, ok := t.tags[[tagSize]byte(data[i:])]; ok {
					hits[tag] = true
				}
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return hits, nil
		}
		if err != nil {
			return nil, err
		}
		kept = copy(buf, data[max(0, len(data)-tagSize+1):])
	}
}
