package purge

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"
)

func TestTagIsFoundAtEveryPlaceOfAFile(t *testing.T) {
	tag := []byte("0123456789abcdef")
	tags, err := newTagSet([]string{hex.EncodeToString(tag), hex.EncodeToString([]byte("01another tag 16"))})
	if err != nil {
		t.Fatal(err)
	}
	const chunk = 32
	for at := range 200 {
		data := bytes.Repeat([]byte("01"), 120)
		copy(data[at:], tag)
		hits, err := tags.inReader(iotest.OneByteReader(bytes.NewReader(data)), chunk)
		if err != nil || len(hits) != 1 || !hits[hex.EncodeToString(tag)] {
			t.Fatalf("at %d: %v, %v", at, hits, err)
		}
		copy(data[at:], "0123456789abcdeX")
		if hits, err := tags.inReader(bytes.NewReader(data), chunk); err != nil || len(hits) != 0 {
			t.Fatalf("at %d, where it is not: %v, %v", at, hits, err)
		}
	}
}

func TestResidueSearchesFoldersAndNoLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	tag := []byte("0123456789abcdef")
	text := hex.EncodeToString(tag)
	deep := filepath.Join(dir, "appendonlydir")
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(deep, "appendonly.aof.1.incr.aof"), append([]byte("before"), tag...))
	write(t, filepath.Join(dir, "redis.log"), []byte("nothing"))
	write(t, filepath.Join(outside, "file"), tag)
	if err := os.Symlink(filepath.Join(outside, "file"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	found, err := residue(dir, text)
	if err != nil || found.files != 2 || !slices.Equal(found.holding[text], []string{"appendonlydir/appendonly.aof.1.incr.aof"}) {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := residue(filepath.Join(dir, "missing"), text); err == nil {
		t.Error("a folder that is not there is searched")
	}
	if _, err := residue(dir, "ab"); err == nil {
		t.Error("two digits are taken for a tag")
	}
}
