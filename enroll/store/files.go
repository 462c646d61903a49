package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cultuurdag/crypto"
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

// Snapshot names, among the files that PutFiles gets, what the lists say in a
// form that is compared with later ones. It is kept with the prints.
const Snapshot = "snapshot"

// putFilesScript: KEYS event, files, prints; ARGV now, offset, revision, how many
// were erased, snapshot ("": none), then field and value each.
var putFilesScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if (redis.call('HGET', KEYS[1], 'erased') or '0') ~= ARGV[4] then return {'conflict'} end
redis.call('DEL', KEYS[2])
redis.call('HDEL', KEYS[3], 'now')
if ARGV[5] ~= '' then redis.call('HSET', KEYS[3], 'now', ARGV[5]) end
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'listed', ARGV[3])
return {''}
`)

// PutFiles keeps the overviews that were made from that revision of the event,
// each encrypted, in place of the earlier ones. files maps "rosters.pdf" to its
// bytes, and Snapshot to what a print of them is remembered by. erased is
// Event.Erased from before the students were read: ErrConflict says that somebody
// was erased since, who may stand in the files; nothing is stored.
func (s *Store) PutFiles(ctx context.Context, event string, revision int64, erased int, files map[string][]byte) error {
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	made, err := json.Marshal(filesMade{s.clock.Now(), revision})
	if err != nil {
		return fmt.Errorf("time of the overviews: %w", err)
	}
	args := []any{revision, erased, "", fieldMade, made}
	for name, data := range files {
		sealed, err := sealFile(keys, data)
		if err != nil {
			return err
		}
		if name == Snapshot {
			args[2] = sealed
		} else {
			args = append(args, name, sealed)
		}
	}
	k := keysOf(event)
	_, err = s.run(ctx, putFilesScript, []string{k.event, k.files, k.prints}, args...)
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

// fileScript: KEYS event, files, prints; ARGV now, offset, field, the list that
// is printed by it ("": none).
var fileScript = gated(printLua + `
local shut = gate()
if shut ~= '' then return {shut} end
local data = redis.call('HGET', KEYS[2], ARGV[3])
if data and ARGV[4] ~= '' then printed(ARGV[4]) end
return {'', data}
`)

// File returns the bytes of one overview: name rosters, format pdf. A PDF is
// noted as printed. ErrNotReady where there is none.
func (s *Store) File(ctx context.Context, event, name, format string) ([]byte, error) {
	if name == fieldMade || format == "" {
		return nil, enroll.ErrNotFound
	}
	onPaper := ""
	if format == "pdf" {
		onPaper = name
	}
	k := keysOf(event)
	reply, err := s.run(ctx, fileScript, []string{k.event, k.files, k.prints}, name+"."+format, onPaper)
	if err != nil {
		return nil, err
	}
	return s.openFile(event, reply[0])
}

// openFile opens what a script answered; ErrNotReady where that was nothing.
func (s *Store) openFile(event string, reply any) ([]byte, error) {
	sealed, ok := reply.(string)
	if !ok {
		return nil, enroll.ErrNotReady
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	data, err := keys.OpenFile([]byte(sealed)[len(keys.Tag()):])
	if errors.Is(err, crypto.ErrKeyGone) { // destroyed meanwhile
		return nil, enroll.ErrPurged
	}
	return data, err
}

// sealFile seals what openFile opens. The tag before it makes residue of the event
// findable in any file. Keys that were destroyed meanwhile seal nothing: ErrPurged.
func sealFile(keys *crypto.EventKeys, data []byte) ([]byte, error) {
	sealed, err := keys.SealFile(data)
	if errors.Is(err, crypto.ErrKeyGone) {
		return nil, enroll.ErrPurged
	}
	if err != nil {
		return nil, fmt.Errorf("sealing a file: %w", err)
	}
	return append(keys.Tag(), sealed...), nil
}
