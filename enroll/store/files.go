package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// fieldMade is the field of the files' hash that is not a file.
const fieldMade = "made"

// FileInfo names an overview that can be downloaded.
type FileInfo struct {
	Name    string    `json:"name"`
	Formats []string  `json:"formats"`
	MadeAt  time.Time `json:"made_at"`
}

// filesMade is when the files were made, and from which revision of the event.
type filesMade struct {
	At       time.Time `json:"at"`
	Revision int64     `json:"revision"`
}

// putFilesScript: KEYS event, files; ARGV now, offset, revision, then field and value each.
var putFilesScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
redis.call('DEL', KEYS[2])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'listed', ARGV[3])
return {''}
`)

// PutFiles keeps the overviews that were made from that revision of the event,
// each encrypted, in place of the earlier ones. files maps "rosters.pdf" to its
// bytes.
func (s *Store) PutFiles(ctx context.Context, event string, revision int64, files map[string][]byte) error {
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	made, err := json.Marshal(filesMade{s.clock.Now(), revision})
	if err != nil {
		return fmt.Errorf("time of the overviews: %w", err)
	}
	args := []any{revision, fieldMade, made}
	for name, data := range files {
		sealed, err := keys.SealFile(data)
		if err != nil {
			return fmt.Errorf("sealing an overview: %w", err)
		}
		// The tag before it makes residue of the event findable in any file.
		args = append(args, name, append(keys.Tag(), sealed...))
	}
	k := keysOf(event)
	_, err = s.run(ctx, putFilesScript, []string{k.event, k.files}, args...)
	return err
}

// fileNamesScript: KEYS event, files; ARGV now, offset; answers when they were made and HKEYS files.
var fileNamesScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGET', KEYS[2], 'made') or '', redis.call('HKEYS', KEYS[2])}
`)

// Files returns which overviews can be downloaded now; none where none were
// made yet. stale says that something changed since they were made.
func (s *Store) Files(ctx context.Context, event string) (files []FileInfo, stale bool, err error) {
	k := keysOf(event)
	reply, err := s.run(ctx, fileNamesScript, []string{k.event, k.files})
	if err != nil {
		return nil, false, err
	}
	if reply[0] == "" {
		return nil, false, nil
	}
	var made filesMade
	if err := json.Unmarshal([]byte(fmt.Sprint(reply[0])), &made); err != nil {
		return nil, false, fmt.Errorf("time of the overviews: %w", err)
	}
	formats := map[string][]string{}
	for _, field := range reply[1].([]any) {
		if name, format, ok := strings.Cut(fmt.Sprint(field), "."); ok {
			formats[name] = append(formats[name], format)
		}
	}
	for name, f := range formats {
		slices.Sort(f)
		files = append(files, FileInfo{name, f, made.At.In(enroll.Amsterdam)})
	}
	slices.SortFunc(files, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	e, err := s.Event(ctx, event)
	return files, made.Revision != e.Revision, err
}

// fileScript: KEYS event, files; ARGV now, offset, field.
var fileScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGET', KEYS[2], ARGV[3])}
`)

// File returns the bytes of one overview: name rosters, format pdf.
// ErrNotReady where there is none.
func (s *Store) File(ctx context.Context, event, name, format string) ([]byte, error) {
	if name == fieldMade || format == "" {
		return nil, enroll.ErrNotFound
	}
	k := keysOf(event)
	reply, err := s.run(ctx, fileScript, []string{k.event, k.files}, name+"."+format)
	if err != nil {
		return nil, err
	}
	sealed, ok := reply[0].(string)
	if !ok {
		return nil, enroll.ErrNotReady
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	return keys.OpenFile([]byte(sealed)[len(keys.Tag()):])
}

// Stuck reports since when that step has been trying, and notes now as the
// beginning where it was not. Done clears it.
func (s *Store) Stuck(ctx context.Context, event string, step enroll.Step) (time.Duration, error) {
	k, now := keysOf(event), time.Now() // a moved clock is no lack of progress
	if err := s.rdb.HSetNX(ctx, k.steps, string(step), now.UnixMilli()).Err(); err != nil {
		return 0, away(err)
	}
	since, err := s.rdb.HGet(ctx, k.steps, string(step)).Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil // done meanwhile
	}
	return now.Sub(time.UnixMilli(since)), away(err)
}

// Done notes that the step is finished, or made progress.
func (s *Store) Done(ctx context.Context, event string, step enroll.Step) error {
	return away(s.rdb.HDel(ctx, keysOf(event).steps, string(step)).Err())
}
