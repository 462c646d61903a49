package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// Kinds of sealed records; part of their associated data.
const (
	recordStudent = "student"
	recordCode    = "code"
	recordInput   = "input" // of a run
)

// stored is a student with the version of the record, which goes up at every
// change of it.
type stored struct {
	enroll.Student
	version uint64
}

func openStudent(keys *crypto.EventKeys, id string, sealed []byte) (stored, error) {
	data, version, err := open(keys, recordStudent, id, sealed)
	if err != nil {
		return stored{}, err
	}
	st := stored{version: version}
	if err := json.Unmarshal(data, &st.Student); err != nil {
		return stored{}, errors.New("a student's record is not JSON") // the cause could quote the record
	}
	st.ID = id
	return st, nil
}

func sealStudent(keys *crypto.EventKeys, st enroll.Student, version uint64) ([]byte, error) {
	data, err := json.Marshal(st)
	if err != nil {
		return nil, errors.New("a student does not fit JSON")
	}
	return seal(keys, recordStudent, st.ID, version, data)
}

// seal seals a record. Keys that were destroyed meanwhile seal nothing: ErrPurged.
func seal(keys *crypto.EventKeys, kind, id string, version uint64, plaintext []byte) ([]byte, error) {
	sealed := keys.SealRecord(kind, id, version, plaintext)
	if sealed == nil {
		return nil, enroll.ErrPurged
	}
	return sealed, nil
}

// open opens a record. Keys that were destroyed meanwhile, as by the purge while
// somebody reads, open nothing: ErrPurged. The error does not say which record it
// is: it is logged, and logs name no student.
func open(keys *crypto.EventKeys, kind, id string, sealed []byte) (plaintext []byte, version uint64, err error) {
	plaintext, version, err = keys.OpenRecord(kind, id, sealed)
	if errors.Is(err, crypto.ErrKeyGone) {
		return nil, 0, enroll.ErrPurged
	}
	if err != nil {
		err = fmt.Errorf("a record of kind %s: %w", kind, err)
	}
	return plaintext, version, err
}

// studentsScript: KEYS event, students; ARGV now, offset; answers the number
// of lists taken in so far and HGETALL students.
var studentsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGET', KEYS[1], 'lists') or '0', redis.call('HGETALL', KEYS[2])}
`)

func (s *Store) readStudents(ctx context.Context, event string) (students []stored, lists string, err error) {
	k := keysOf(event)
	reply, err := s.run(ctx, studentsScript, []string{k.event, k.students})
	if err != nil {
		return nil, "", err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, "", err
	}
	flat := reply[1].([]any)
	students = make([]stored, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		st, err := openStudent(keys, fmt.Sprint(flat[i]), []byte(fmt.Sprint(flat[i+1])))
		if err != nil {
			return nil, "", err
		}
		students = append(students, st)
	}
	return students, fmt.Sprint(reply[0]), nil
}

// Students returns every student of the event, in no particular order. One
// round trip.
func (s *Store) Students(ctx context.Context, event string) ([]enroll.Student, error) {
	records, _, err := s.readStudents(ctx, event)
	if err != nil {
		return nil, err
	}
	students := make([]enroll.Student, len(records))
	for i, r := range records {
		students[i] = r.Student
	}
	return students, nil
}

// codesScript: KEYS event, codes; ARGV now, offset; answers HGETALL codes.
var codesScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGETALL', KEYS[2])}
`)

// Codes returns every student's login code by student id. One round trip.
func (s *Store) Codes(ctx context.Context, event string) (map[string]crypto.Code, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, codesScript, []string{k.event, k.codes})
	if err != nil {
		return nil, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	codes := map[string]crypto.Code{}
	flat := reply[0].([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		id := fmt.Sprint(flat[i])
		code, _, err := open(keys, recordCode, id, []byte(fmt.Sprint(flat[i+1])))
		if err != nil {
			return nil, err
		}
		codes[id] = crypto.Code(code)
	}
	return codes, nil
}

// OpenList decrypts a class list that was encrypted to the event. The whole
// file is authenticated before anything of it is returned. ErrNotEncrypted,
// ErrCannotDecrypt, or ErrPurged; limit is in bytes of plaintext.
func (s *Store) OpenList(ctx context.Context, event string, body io.Reader, limit int64) ([]byte, error) {
	if err := s.Gate(ctx, event); err != nil {
		return nil, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	data, err := keys.OpenUpload(body, limit)
	switch {
	case errors.Is(err, crypto.ErrNotEncrypted):
		return nil, enroll.ErrNotEncrypted
	case errors.Is(err, crypto.ErrCannotDecrypt):
		return nil, enroll.ErrCannotDecrypt
	case errors.Is(err, crypto.ErrKeyGone): // destroyed meanwhile
		return nil, enroll.ErrPurged
	}
	return data, err
}

// ListResult says what a class list changed, or would change.
type ListResult struct {
	Students  int `json:"students"` // on the list
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Missing   int `json:"missing"` // known, but not on the list; they stay
	Removed   int `json:"removed"` // with replace: gone
}

// listScript stores a class list in one go, and erases students.
//
//	KEYS  event, students, masks, codes, logins, places, taken, sessions, tokens, invited, files, inputs,
//	      then ARGV[7] hashes as of eventKeys.ofStudent, and what eventKeys.naming names
//	ARGV  now, offset, lists seen, programme seen, number added, number changed, number of hashes,
//	      then for each added: id, record, mask, HMAC of the code, sealed code,
//	      for each changed: id, record, mask; then for each erased: id, HMAC of the code
//
// Overviews that name who is erased go at once, and the sweep makes them again;
// so do the inputs of runs, for good. How many were erased is counted with the
// event, and goes into the purge log.
var listScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if ev[3] == 'cancelled' and (ARGV[5] ~= '0' or ARGV[6] ~= '0') then return {'wrong_state'} end
if (redis.call('HGET', KEYS[1], 'lists') or '0') ~= ARGV[3] or (ev[7] or '0') ~= ARGV[4] then return {'conflict'} end
local at = 8
for _ = 1, tonumber(ARGV[5]) do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 2])
  redis.call('HSET', KEYS[5], ARGV[at + 3], ARGV[at])
  redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 4])
  at = at + 5
end
for _ = 1, tonumber(ARGV[6]) do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 2])
  at = at + 3
end
local gone, erased, hashes = {}, 0, 12 + tonumber(ARGV[7])
while at <= #ARGV do
  local id = ARGV[at]
  for r = 1, 4 do
    local place = redis.call('HGET', KEYS[6], id .. ':' .. r)
    if place then redis.call('HINCRBY', KEYS[7], string.sub(place, 3) .. ':' .. r, -1) end
    redis.call('HDEL', KEYS[6], id .. ':' .. r)
  end
  redis.call('HDEL', KEYS[5], ARGV[at + 1])
  for token in string.gmatch(redis.call('HGET', KEYS[9], id) or '', '[^,]+') do redis.call('HDEL', KEYS[8], token) end
  erased = erased + redis.call('HEXISTS', KEYS[2], id)
  for i = 13, hashes do redis.call('HDEL', KEYS[i], id) end
  gone[id] = 'erased'
  at = at + 2
end
if next(gone) then
  for _, field in ipairs(redis.call('HKEYS', KEYS[10])) do
    if gone[string.match(field, '|(.*)$') or ''] then redis.call('HDEL', KEYS[10], field) end
  end
  local function blot(text) return (string.gsub(text, '%w+', gone)) end
  for i = hashes + 1, #KEYS do
    local kind = redis.call('TYPE', KEYS[i]).ok
    if kind == 'string' then
      redis.call('SET', KEYS[i], blot(redis.call('GET', KEYS[i])), 'KEEPTTL')
    elseif kind == 'hash' then
      local all = redis.call('HGETALL', KEYS[i])
      for j = 1, #all, 2 do redis.call('HSET', KEYS[i], all[j], blot(all[j + 1])) end
    end
  end
  redis.call('DEL', KEYS[11], KEYS[12])
  redis.call('HINCRBY', KEYS[1], 'erased', erased)
end
redis.call('HSET', KEYS[1], 'students', redis.call('HLEN', KEYS[2]))
redis.call('HINCRBY', KEYS[1], 'lists', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {''}
`)

// listChange is what listScript stores, over the list and programme that it was
// made from.
type listChange struct {
	lists                   string
	programme               int
	added, changed, removed []any // as listScript's ARGV has them
}

func (c *listChange) add(keys *crypto.EventKeys, p enroll.Programme, st enroll.Student, code crypto.Code) error {
	record, err := sealStudent(keys, st, 1)
	if err != nil {
		return err
	}
	sealedCode, err := seal(keys, recordCode, st.ID, 1, []byte(code))
	if err != nil {
		return err
	}
	c.added = append(c.added, st.ID, record, p.Mask(st.Class, st.Year), keys.LoginMAC(code), sealedCode)
	return nil
}

func (c *listChange) change(keys *crypto.EventKeys, p enroll.Programme, st enroll.Student, version uint64) error {
	record, err := sealStudent(keys, st, version)
	if err != nil {
		return err
	}
	c.changed = append(c.changed, st.ID, record, p.Mask(st.Class, st.Year))
	return nil
}

func (s *Store) writeList(ctx context.Context, event string, c listChange) error {
	if err := s.blotPrints(ctx, event, c.removed); err != nil { // first: it is not made good where the program stops after the list
		return err
	}
	k := keysOf(event)
	args := []any{c.lists, c.programme, len(c.added) / 5, len(c.changed) / 3, len(k.ofStudent())}
	args = slices.Concat(args, c.added, c.changed, c.removed)
	names := slices.Concat([]string{k.event, k.students, k.masks, k.codes, k.logins, k.places, k.taken, k.sessions, k.tokens, k.invited, k.files, k.inputs},
		k.ofStudent(), k.naming())
	if _, err := s.run(ctx, listScript, names, args...); err != nil {
		return err
	}
	return s.blotPrints(ctx, event, c.removed) // once more: lists may have been stored between the two
}

// ApplyList takes in a class list: students are told apart by number; new ones
// get an id and a login code, known ones keep id, code and choices. Those who
// are not on the list stay, or go with replace. E-mail addresses are kept only
// where the event sends invitations. With dryRun nothing is stored. All or
// nothing: ErrConflict where the list or the programme changed meanwhile,
// ErrState where the event was cancelled.
func (s *Store) ApplyList(ctx context.Context, event string, list []enroll.Student, replace, dryRun bool) (ListResult, error) {
	var result ListResult
	e, err := s.Event(ctx, event)
	if err != nil {
		return result, err
	}
	programme, err := s.Programme(ctx, event)
	if err != nil {
		return result, err
	}
	known, lists, err := s.readStudents(ctx, event)
	if err != nil {
		return result, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return result, err
	}
	byNumber := make(map[string]stored, len(known))
	for _, st := range known {
		byNumber[st.Number] = st
	}
	result.Students = len(list)
	change := listChange{lists: lists, programme: programme.Version}
	for _, st := range list {
		if !e.Invitations {
			st.Email = ""
		}
		old, ok := byNumber[st.Number]
		delete(byNumber, st.Number)
		switch {
		case !ok:
			result.Added++
			st.ID = crypto.NewID()
			if err := change.add(keys, programme, st, crypto.NewCode(e.Code)); err != nil {
				return result, err
			}
		case old.Same(st):
			result.Unchanged++
		default:
			result.Changed++
			st.ID = old.ID
			if err := change.change(keys, programme, st, old.version+1); err != nil {
				return result, err
			}
		}
	}
	if replace {
		result.Removed = len(byNumber)
	} else {
		result.Missing = len(byNumber)
	}
	if dryRun || result.Added+result.Changed+result.Removed == 0 {
		return result, nil
	}
	if result.Removed > 0 {
		codes, err := s.Codes(ctx, event)
		if err != nil {
			return result, err
		}
		for _, st := range byNumber {
			change.removed = append(change.removed, st.ID, keys.LoginMAC(codes[st.ID]))
		}
	}
	return result, s.writeList(ctx, event, change)
}
