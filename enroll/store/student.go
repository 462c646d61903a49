package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// studentSession is how long a student stays signed in.
const studentSession = 12 * time.Hour

// StudentView is all that a student's page shows, of one moment.
type StudentView struct {
	Event     enroll.Event
	School    enroll.School
	Programme enroll.Programme
	Student   enroll.Student
	Mask      string // 1 or 0 for each workshop of the programme, in order: may the student's class take it
	Choices   enroll.Choices
	Wishes    []string   // in mode ranking: workshop ids, the dearest first, those alone that count
	Idle      []string   // in mode ranking: wishes that are held and do not count now
	Seen      enroll.Day // their day as they saw it last; nil: not since it was published
	Taken     map[enroll.SessionKey]int
	Now       time.Time
}

// maxSessions is how many login sessions a student may have at a time; one more
// ends the oldest.
const maxSessions = 5

// signInScript: KEYS event, logins, sessions, tokens;
// ARGV now, offset, HMAC of the code, SHA-256 of the token, ms that the session lasts, most sessions.
//
// Sessions end by Redis's own clock, which a moved clock leaves alone.
var signInScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local student = redis.call('HGET', KEYS[2], ARGV[3])
if not student then return {'wrong_code'} end
local t = redis.call('TIME')
local ends = tonumber(t[1]) * 1000 + tonumber(ARGV[5])
redis.call('HSET', KEYS[3], ARGV[4], student .. ':' .. string.format('%.0f', ends))
local tokens = {}
for token in string.gmatch(redis.call('HGET', KEYS[4], student) or '', '[^,]+') do tokens[#tokens + 1] = token end
tokens[#tokens + 1] = ARGV[4]
while #tokens > tonumber(ARGV[6]) do redis.call('HDEL', KEYS[3], table.remove(tokens, 1)) end
redis.call('HSET', KEYS[4], student, table.concat(tokens, ','))
return {''}
`)

// SignInStudent begins a login session and returns the cookie for it, which
// reads EVENT.token. ErrWrongCode, ErrPurged or ErrClock. Two round trips.
func (s *Store) SignInStudent(ctx context.Context, code crypto.Code) (string, error) {
	e, err := s.EventByCode(ctx, code.Event())
	if err != nil {
		return "", err
	}
	if e.Gone(s.clock.Now()) { // the gate tells whether both clocks say so
		return "", cmp.Or(s.Gate(ctx, e.ID), enroll.ErrPurged)
	}
	keys, err := s.keysFor(e.ID)
	if err != nil {
		return "", err
	}
	k, token := keysOf(e.ID), crypto.NewToken()
	_, err = s.run(ctx, signInScript, []string{k.event, k.logins, k.sessions, k.tokens},
		keys.LoginMAC(code), crypto.HashToken(token), studentSession.Milliseconds(), maxSessions)
	if err != nil {
		return "", err
	}
	return e.ID + "." + token, nil
}

// parseCookie reads EVENT.token. What is no id is refused: it would become
// part of a key's name.
func parseCookie(cookie string) (event, token string, ok bool) {
	event, token, ok = strings.Cut(cookie, ".")
	for _, c := range event {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
	}
	return event, token, ok && event != "" && len(event) <= 32 && len(token) <= 64
}

// SignOutStudent ends the login session of that cookie, if there is one.
func (s *Store) SignOutStudent(ctx context.Context, cookie string) error {
	event, token, ok := parseCookie(cookie)
	if !ok {
		return nil
	}
	return away(s.rdb.HDel(ctx, keysOf(event).sessions, crypto.HashToken(token)).Err())
}

// viewLua follows gateLua in scripts whose KEYS are event, seats, masks, places,
// taken, sessions, students, wishes, seen and whose ARGV[3] is the SHA-256 of a
// session token.
//
// who() answers the id of the student who is signed in, or nil and why not.
// A session of an event whose data are out of reach answers purged even where
// the session itself is gone already: that much the page may tell.
//
// view(verdict, student) answers all that a student's page shows.
const viewLua = `
local function who()
  local shut = gate()
  if shut == 'not_found' then return nil, 'signed_out' end
  if shut ~= '' then return nil, shut end
  local session = redis.call('HGET', KEYS[6], ARGV[3])
  if not session then return nil, 'signed_out' end
  local student, ends = string.match(session, '^([^:]+):(%d+)$')
  local t = redis.call('TIME')
  if tonumber(t[1]) * 1000 >= tonumber(ends) then
    redis.call('HDEL', KEYS[6], ARGV[3])
    return nil, 'signed_out'
  end
  return student
end
local function view(verdict, student)
  return {verdict, student, ev[6], ev[7] or '0',
    redis.call('HGET', KEYS[7], student) or '', redis.call('HGET', KEYS[3], student) or '',
    redis.call('HMGET', KEYS[4], student .. ':1', student .. ':2', student .. ':3', student .. ':4'),
    redis.call('HGETALL', KEYS[5]), redis.call('HGET', KEYS[8], student) or '',
    redis.call('HGET', KEYS[9], student) or '', ev[8] or '0'}
end
`

// studentScript: KEYS as viewLua; ARGV now, offset, SHA-256 of the token.
var studentScript = gated(viewLua + `
local student, why = who()
if not student then return {why} end
return view('', student)
`)

// chooseScript takes or frees a seat for the student who is signed in: the
// check of the session, of enrolment, and of the seat, and the seat itself, in
// one go.
//
//	KEYS  as viewLua
//	ARGV  now, offset, SHA-256 of the token, round, workshop ("" frees), programme seen (0: any)
var chooseScript = gated(seatLua + viewLua + chooseLua)

const chooseLua = `
local student, why = who()
if not student then return {why} end
if not live() then return view('closed', student) end
if ranks() > 0 then return view('wrong_mode', student) end
return view(seat(student, ARGV[4], ARGV[5], 'c', ARGV[6]), student)
`

func (k eventKeys) view() []string {
	return []string{k.event, k.seats, k.masks, k.places, k.taken, k.sessions, k.students, k.wishes, k.seen}
}

// Student returns what the page of the student with that cookie shows.
// ErrSignedOut, ErrPurged or ErrClock. One round trip.
func (s *Store) Student(ctx context.Context, cookie string) (StudentView, error) {
	event, token, ok := parseCookie(cookie)
	if !ok {
		return StudentView{}, enroll.ErrSignedOut
	}
	k := keysOf(event)
	reply, err := s.run(ctx, studentScript, k.view(), crypto.HashToken(token))
	if err != nil {
		return StudentView{}, err
	}
	return s.viewFrom(ctx, event, reply)
}

// Take gives the student with that cookie the session of the workshop in the
// round, in place of the one held there before. programme is the version that
// the student saw, 0 for any. ErrSignedOut, ErrPurged, ErrClosed, ErrMode,
// ErrNoSession, ErrNotAllowed, ErrRepeat, ErrFull or ErrStale, checked in this
// order; from ErrClosed on the view comes along and shows how things stand. Saying it
// twice changes nothing. One round trip.
func (s *Store) Take(ctx context.Context, cookie string, round int, workshop string, programme int) (StudentView, error) {
	if workshop == "" {
		workshop = "-" // no workshop has this id; "" would free the seat
	}
	return s.choose(ctx, cookie, round, workshop, programme)
}

// Release frees the seat that the student with that cookie holds in the round.
// Errors and cost as of Take.
func (s *Store) Release(ctx context.Context, cookie string, round, programme int) (StudentView, error) {
	return s.choose(ctx, cookie, round, "", programme)
}

func (s *Store) choose(ctx context.Context, cookie string, round int, workshop string, programme int) (StudentView, error) {
	event, token, ok := parseCookie(cookie)
	if !ok {
		return StudentView{}, enroll.ErrSignedOut
	}
	if round < 1 || round > enroll.MaxRounds {
		round, workshop = 1, "-" // no such session, after the checks that come before it
	}
	k := keysOf(event)
	reply, refused := s.run(ctx, chooseScript, k.view(), crypto.HashToken(token), round, workshop, programme)
	if len(reply) == 0 {
		return StudentView{}, refused
	}
	view, err := s.viewFrom(ctx, event, reply)
	if refused == nil && round > len(view.Programme.Rounds) {
		refused = enroll.ErrNoSession // freeing a seat in a round that there is not
	}
	return view, errors.Join(refused, err)
}

// viewFrom reads what viewLua's view answered after the verdict.
func (s *Store) viewFrom(ctx context.Context, event string, reply []any) (StudentView, error) {
	number := func(i int) int {
		n, err := strconv.Atoi(fmt.Sprint(reply[i]))
		if err != nil {
			n = 0 // written by our scripts alone
		}
		return n
	}
	c, err := s.load(ctx, event, number(1), number(2))
	if err != nil {
		return StudentView{}, err
	}
	school, err := s.cachedSchool(ctx, c.event.School)
	if err != nil {
		return StudentView{}, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return StudentView{}, err
	}
	st, err := openStudent(keys, fmt.Sprint(reply[0]), []byte(fmt.Sprint(reply[3])))
	if err != nil {
		return StudentView{}, err
	}
	view := StudentView{
		Event: c.event, School: school, Programme: c.programme, Student: st.Student,
		Mask: fmt.Sprint(reply[4]), Choices: enroll.Choices{}, Now: s.clock.Now(),
	}
	for i, place := range reply[5].([]any) {
		if text, ok := place.(string); ok {
			if choice, ok := placeFrom(text); ok {
				view.Choices[i+1] = choice
			}
		}
	}
	if view.Event.Mode == enroll.Ranking {
		held := wishesFrom(reply[7])
		view.Wishes = view.Programme.Wishable(view.Mask, held)
		view.Idle = slices.DeleteFunc(held, func(id string) bool { return slices.Contains(view.Wishes, id) })
	}
	view.Event.Revision = int64(number(9)) // what comes from the cache may have an earlier one
	if view.Seen, err = openSeen(keys, st.ID, []byte(fmt.Sprint(reply[8]))); err != nil {
		return StudentView{}, err
	}
	view.Taken, err = takenFrom(reply[6].([]any))
	return view, err
}
