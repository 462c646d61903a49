package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// wishesFrom reads "w4,w0".
func wishesFrom(reply any) []string {
	return strings.FieldsFunc(fmt.Sprint(reply), func(r rune) bool { return r == ',' })
}

// wishesScript: KEYS event, wishes; ARGV now, offset; answers HGETALL wishes.
var wishesScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGETALL', KEYS[2])}
`)

// Wishes returns what every student wished by student id, the dearest first,
// as it is held: not all of it need count (enroll.Programme.Wishable). Who
// wished nothing is not in it. One round trip.
func (s *Store) Wishes(ctx context.Context, event string) (map[string][]string, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, wishesScript, []string{k.event, k.wishes})
	if err != nil {
		return nil, err
	}
	flat := reply[0].([]any)
	wishes := make(map[string][]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		wishes[fmt.Sprint(flat[i])] = wishesFrom(flat[i+1])
	}
	return wishes, nil
}

// wishScript changes the wishes of the student who is signed in; it is the one
// place where they change.
//
//	KEYS  as viewLua
//	ARGV  now, offset, SHA-256 of the token, what to do, place, programme seen (0: any), workshop ids
//
// What to do is all: the ids are the whole list; put: the one id comes at that
// place (0: stays where it is, else last); drop: it comes off. The list begins
// as it counts for the student now, and what is stored is a list that counts.
// The answer is "" or no_session, not_allowed, repeat, too_few, too_many, stale,
// in this order, with the view. Saying it twice changes nothing.
var wishScript = gated(viewLua + `
local function wish(student, what, place, programme, ids)
  local mask = redis.call('HGET', KEYS[3], student) or ''
  local bars = {}
  local function bar(id) -- why it cannot be wished, or ''
    if not bars[id] then
      bars[id] = 'no_session'
      for _, session in ipairs(redis.call('HMGET', KEYS[2], id .. ':1', id .. ':2', id .. ':3', id .. ':4')) do
        if session then
          local at = tonumber(string.match(session, '^%d+'))
          bars[id] = string.sub(mask, at, at) == '1' and '' or 'not_allowed'
        end
      end
    end
    return bars[id]
  end
  local held = redis.call('HGET', KEYS[8], student) or ''
  local list, at = {}, {}
  for id in string.gmatch(held, '[^,]+') do
    if bar(id) == '' then
      list[#list + 1] = id
      at[id] = #list
    end
  end
  local _, open = string.gsub(mask, '1', '')
  local length = math.min(ranks(), open)
  local id = ids[1]
  if what == 'all' then
    local faults, seen = {}, {}
    for _, id in ipairs(ids) do
      faults[seen[id] and 'repeat' or bar(id)] = true
      seen[id] = true
    end
    for _, fault in ipairs({'no_session', 'not_allowed', 'repeat'}) do
      if faults[fault] then return fault end
    end
    if #ids > 0 and #ids < length then return 'too_few' end
    if #ids > length then return 'too_many' end
    list = ids
  elseif what == 'drop' then
    if at[id] then table.remove(list, at[id]) end
  else
    if bar(id) ~= '' then return bar(id) end
    if not at[id] and #list >= length then return 'too_many' end
    if place == 0 then place = at[id] or #list + 1 end
    if at[id] then table.remove(list, at[id]) end
    table.insert(list, math.min(place, #list + 1), id)
  end
  if programme ~= '0' and programme ~= ev[7] then return 'stale' end
  local now = table.concat(list, ',')
  if now == held then return '' end
  if now == '' then redis.call('HDEL', KEYS[8], student) else redis.call('HSET', KEYS[8], student, now) end
  redis.call('HINCRBY', KEYS[1], 'revision', 1)
  return ''
end
local student, why = who()
if not student then return {why} end
if not live() then return view('closed', student) end
if ranks() == 0 then return view('wrong_mode', student) end
local ids = {}
for i = 7, #ARGV do ids[#ids + 1] = ARGV[i] end
return view(wish(student, ARGV[4], tonumber(ARGV[5]), ARGV[6], ids), student)
`)

// Rank makes these workshops the wishes of the student with that cookie, the
// dearest first. It is a whole ranking, as long as enroll.Event.RanksFor says,
// or an empty one, which takes all wishes back. programme is the version that
// the student saw, 0 for any. ErrSignedOut, ErrPurged, ErrClosed, ErrMode,
// ErrNoSession, ErrNotAllowed, ErrRepeat, ErrTooFew, ErrTooMany or ErrStale,
// checked in this order; from ErrClosed on the view comes along and shows how
// things stand. Saying it twice changes nothing. One round trip.
func (s *Store) Rank(ctx context.Context, cookie string, workshops []string, programme int) (StudentView, error) {
	return s.wish(ctx, cookie, "all", 0, programme, workshops...)
}

// Wish puts a workshop at a place, counted from 1, of the student's wishes, one
// that is on the list already by moving it. A place beyond the end is the end;
// place 0 adds it at the end and leaves one that is there where it is. So a list
// grows by steps, and one that is still too short is kept. ErrTooMany where the
// list is full; other errors and cost as of Rank.
func (s *Store) Wish(ctx context.Context, cookie, workshop string, place, programme int) (StudentView, error) {
	return s.wish(ctx, cookie, "put", max(0, place), programme, workshop)
}

// Unwish takes a workshop off the student's wishes; one that is not on the list
// changes nothing. Errors and cost as of Rank.
func (s *Store) Unwish(ctx context.Context, cookie, workshop string, programme int) (StudentView, error) {
	return s.wish(ctx, cookie, "drop", 0, programme, workshop)
}

func (s *Store) wish(ctx context.Context, cookie, what string, place, programme int, workshops ...string) (StudentView, error) {
	event, token, ok := parseCookie(cookie)
	if !ok {
		return StudentView{}, enroll.ErrSignedOut
	}
	args := []any{crypto.HashToken(token), what, place, programme}
	for _, id := range workshops {
		args = append(args, id)
	}
	reply, refused := s.run(ctx, wishScript, keysOf(event).view(), args...)
	if len(reply) == 0 {
		return StudentView{}, refused
	}
	view, err := s.viewFrom(ctx, event, reply)
	return view, errors.Join(refused, err)
}
