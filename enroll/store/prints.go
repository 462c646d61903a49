package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// printLua follows gateLua in scripts whose KEYS[3] is prints. printed(list)
// notes that the list is on paper as it is now. A second print of the same
// changes nothing. More than eight are not kept, but that from which a list was
// printed last always is.
const printLua = `
local function printed(list)
  local revision, now = redis.call('HGET', KEYS[1], 'listed'), redis.call('HGET', KEYS[3], 'now')
  if not revision or not now then return end
  if redis.call('HSETNX', KEYS[3], revision .. ':' .. list, ARGV[1]) == 0 then return end
  redis.call('HSETNX', KEYS[3], revision, now)
  local all, last = {}, {}
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
    local n, name = string.match(field, '^(%d+):(.+)$')
    if n then last[name] = math.max(last[name] or 0, tonumber(n)) end
    if tonumber(field) then all[#all + 1] = tonumber(field) end
  end
  table.sort(all)
  local spare = #all - 8
  for _, n in ipairs(all) do
    if spare <= 0 then break end
    local needed = false
    for _, m in pairs(last) do needed = needed or m == n end
    if not needed then
      local id = string.format('%.0f', n)
      redis.call('HDEL', KEYS[3], id)
      for name in pairs(last) do redis.call('HDEL', KEYS[3], id .. ':' .. name) end
      spare = spare - 1
    end
  end
end
`

// Print tells which lists were printed from one revision of the event, and when
// each was first.
type Print struct {
	Revision int64
	Lists    map[string]time.Time // rosters, attendance …
}

// At is when the first of its lists was printed.
func (p Print) At() time.Time {
	var first time.Time
	for _, at := range p.Lists {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// markPrintedScript: KEYS event, files, prints; ARGV now, offset, revision, lists …
var markPrintedScript = gated(printLua + `
local shut = gate()
if shut ~= '' then return {shut} end
if redis.call('HGET', KEYS[1], 'listed') ~= ARGV[3] or redis.call('HEXISTS', KEYS[3], 'now') == 0 then return {'conflict'} end
for i = 4, #ARGV do printed(ARGV[i]) end
return {''}
`)

// MarkPrinted notes that these lists are on paper as they were made from that
// revision. ErrConflict where they were made anew meanwhile, or not at all.
func (s *Store) MarkPrinted(ctx context.Context, event string, revision int64, lists ...string) error {
	args := []any{revision}
	for _, list := range lists {
		args = append(args, list)
	}
	k := keysOf(event)
	_, err := s.run(ctx, markPrintedScript, []string{k.event, k.files, k.prints}, args...)
	return err
}

// printsScript: KEYS event, prints; ARGV now, offset; answers {revision}:{list} and ms, in turn.
var printsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local found = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.find(field, ':', 1, true) then
    found[#found + 1] = field
    found[#found + 1] = redis.call('HGET', KEYS[2], field)
  end
end
return {'', found}
`)

// Prints returns what was printed, newest first.
func (s *Store) Prints(ctx context.Context, event string) ([]Print, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, printsScript, []string{k.event, k.prints})
	if err != nil {
		return nil, err
	}
	at := map[int64]int{}
	var prints []Print
	flat := reply[0].([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		number, list, _ := strings.Cut(fmt.Sprint(flat[i]), ":")
		revision, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("revision of a print: %w", err)
		}
		ms, err := strconv.ParseInt(fmt.Sprint(flat[i+1]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("time of a print: %w", err)
		}
		n, ok := at[revision]
		if !ok {
			n = len(prints)
			at[revision] = n
			prints = append(prints, Print{revision, map[string]time.Time{}})
		}
		prints[n].Lists[list] = time.UnixMilli(ms).In(enroll.Amsterdam)
	}
	slices.SortFunc(prints, func(a, b Print) int { return cmp.Compare(b.Revision, a.Revision) })
	return prints, nil
}

// PrintSnapshot returns the Snapshot that was kept with the lists that were
// printed from that revision; ErrNotFound where it is kept no longer.
func (s *Store) PrintSnapshot(ctx context.Context, event string, revision int64) ([]byte, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, fileScript, []string{k.event, k.prints, k.prints}, revision, "")
	if err != nil {
		return nil, err
	}
	if reply[0] == nil {
		return nil, enroll.ErrNotFound
	}
	return s.openFile(event, reply[0])
}

// snapshotsScript: KEYS event, prints; ARGV now, offset, then field, value seen and
// new value each; answers field and value of each snapshot, in turn.
var snapshotsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
for i = 3, #ARGV, 3 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 2]) end
end
local found = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not string.find(field, ':', 1, true) then
    found[#found + 1] = field
    found[#found + 1] = redis.call('HGET', KEYS[2], field)
  end
end
return {'', found}
`)

// blotPrints puts a new random id in the place of that of each student who is
// about to be erased: that somebody is on an old sheet can still be told, who it
// was cannot. removed is as in listChange.
func (s *Store) blotPrints(ctx context.Context, event string, removed []any) error {
	if len(removed) == 0 {
		return nil
	}
	k := keysOf(event)
	reply, err := s.run(ctx, snapshotsScript, []string{k.event, k.prints})
	if err != nil {
		return err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	var pairs []string
	for i := 0; i < len(removed); i += 2 {
		pairs = append(pairs, fmt.Sprint(removed[i]), crypto.NewID())
	}
	blot := strings.NewReplacer(pairs...)
	var args []any
	flat := reply[0].([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		data, err := s.openFile(event, flat[i+1])
		if err != nil {
			return err
		}
		blotted := blot.Replace(string(data))
		if blotted == string(data) {
			continue
		}
		sealed, err := sealFile(keys, []byte(blotted))
		if err != nil {
			return err
		}
		args = append(args, flat[i], flat[i+1], sealed)
	}
	if len(args) > 0 {
		_, err = s.run(ctx, snapshotsScript, []string{k.event, k.prints}, args...)
	}
	return err
}
