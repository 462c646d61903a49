package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// CreateEvent keeps a new event as a draft and makes its keys. It fills in ID,
// Code, Recipient and all that the store keeps up itself, and returns the event
// as stored. FieldErrors where something is wrong with what was entered.
func (s *Store) CreateEvent(ctx context.Context, e enroll.Event) (enroll.Event, error) {
	now := s.clock.Now()
	if e.LastDate.IsZero() {
		e.LastDate = e.Date
	}
	if err := e.Check(now); err != nil {
		return enroll.Event{}, err
	}
	if _, err := s.School(ctx, e.School); err != nil {
		return enroll.Event{}, fmt.Errorf("school of the event: %w", err)
	}
	e.ID = crypto.NewID()
	for {
		e.Code = crypto.NewEventCode()
		fresh, err := s.rdb.HSetNX(ctx, keyCodes, e.Code, e.ID).Result()
		if err != nil {
			return enroll.Event{}, away(err)
		}
		if fresh {
			break
		}
	}
	keys, err := s.keys.Create(e.ID)
	if err != nil {
		return enroll.Event{}, fmt.Errorf("keys of the event: %w", err)
	}
	e.Recipient = keys.Recipient()
	e.State, e.CreatedAt, e.Version = enroll.Draft, now, 1
	e.Programme, e.Students, e.Erased, e.Revision, e.Listed = 0, 0, 0, 0, 0
	if err := s.rdb.HSet(ctx, keysOf(e.ID).event, "mark", now.UnixMilli()).Err(); err != nil {
		return enroll.Event{}, away(err)
	}
	if err := s.writeEvent(ctx, e, 0, false); err != nil {
		return enroll.Event{}, err
	}
	if err := s.rdb.SAdd(ctx, keyEvents, e.ID).Err(); err != nil {
		return enroll.Event{}, away(err)
	}
	return s.Event(ctx, e.ID)
}

// saveEventScript writes an event over the version that the caller saw.
//
//	KEYS  event
//	ARGV  now, offset, version seen (0: new), JSON, state, open, close, deadline (ms), version,
//	      early (1: the purge was asked for), printed (1: what lists print changed), ranks
//
// A new event has no deadline yet, so the gate answers not_found for it.
var saveEventScript = gated(`
local shut = gate()
if ARGV[3] == '0' then
  if shut ~= 'not_found' then return {'conflict'} end
else
  if shut ~= '' then return {shut} end
  if ev[6] ~= ARGV[3] then return {'conflict'} end
end
redis.call('HSET', KEYS[1], 'json', ARGV[4], 'state', ARGV[5], 'open', ARGV[6], 'close', ARGV[7],
  'deadline', ARGV[8], 'version', ARGV[9], 'early', ARGV[10], 'ranks', ARGV[12])
if ARGV[11] == '1' then redis.call('HINCRBY', KEYS[1], 'revision', 1) end
return {''}
`)

func (s *Store) writeEvent(ctx context.Context, e enroll.Event, seen int, printed bool) error {
	data, err := marshalEvent(e)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, saveEventScript, []string{keysOf(e.ID).event}, seen, data, string(e.State),
		e.OpenAt.UnixMilli(), e.CloseAt.UnixMilli(), e.PurgeDue().UnixMilli(), e.Version, flag(e.PurgeEarly), flag(printed), e.Ranks())
	return err
}

// flag is how scripts are told yes and no.
func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// printed is what of an event stands on its lists: where it changes, they are
// made again.
func printed(e enroll.Event) [6]string {
	return [6]string{e.Title, e.Date.String(), e.LastDate.String(), e.Location, e.LocationContact, e.Notes}
}

func marshalEvent(e enroll.Event) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("event as JSON: %w", err)
	}
	return data, nil
}

// UpdateEvent changes an event: change is called with the present event, once
// more when somebody else changed it meanwhile, and its error is returned as
// it is. An event that is past its deadline is not changed: ErrPurged.
func (s *Store) UpdateEvent(ctx context.Context, id string, change func(*enroll.Event) error) (enroll.Event, error) {
	for range 5 {
		e, err := s.Event(ctx, id)
		if err != nil {
			return enroll.Event{}, err
		}
		before := e
		if err := change(&e); err != nil {
			return enroll.Event{}, err
		}
		e.Version = before.Version + 1
		switch err := s.writeEvent(ctx, e, before.Version, printed(e) != printed(before)); {
		case err == nil:
			return s.Event(ctx, id)
		case !errors.Is(err, enroll.ErrConflict):
			return enroll.Event{}, err
		}
	}
	return enroll.Event{}, enroll.ErrConflict
}

// Event returns the event with that id, or ErrNotFound. It passes no gate:
// nothing in it is personal. One round trip.
func (s *Store) Event(ctx context.Context, id string) (enroll.Event, error) {
	fields, err := s.rdb.HGetAll(ctx, keysOf(id).event).Result()
	if err != nil {
		return enroll.Event{}, away(err)
	}
	return eventFrom(fields)
}

func eventFrom(fields map[string]string) (enroll.Event, error) {
	var e enroll.Event
	if fields["json"] == "" {
		return e, enroll.ErrNotFound
	}
	if err := json.Unmarshal([]byte(fields["json"]), &e); err != nil {
		return e, fmt.Errorf("event from JSON: %w", err)
	}
	number := func(name string) int {
		n, err := strconv.Atoi(cmp.Or(fields[name], "0"))
		if err != nil {
			n = 0 // written by our scripts alone
		}
		return n
	}
	e.State = enroll.State(fields["state"])
	if e.State != enroll.Purged && fields["deadline"] != "" && number("mark") >= number("deadline") {
		e.State = enroll.Purging // both clocks agreed once that it is due: it is, even where they went back since
	}
	e.Programme, e.Students, e.Erased = number("programme"), number("students"), number("erased")
	e.Letters = lettersFrom(fields["letters"])
	e.Revision, e.Listed = int64(number("revision")), int64(number("listed"))
	for _, t := range []*time.Time{&e.OpenAt, &e.CloseAt, &e.PublishAt, &e.CreatedAt, &e.CancelledAt, &e.AllocatedAt, &e.PurgeAskedAt, &e.PurgedAt} {
		if !t.IsZero() {
			*t = t.In(enroll.Amsterdam)
		}
	}
	return e, nil
}

// Events returns every event, by date, then title. One that cannot be read is
// left out and told in the error, which comes beside all the others. Two round
// trips.
func (s *Store) Events(ctx context.Context) ([]enroll.Event, error) {
	ids, err := s.rdb.SMembers(ctx, keyEvents).Result()
	if err != nil {
		return nil, away(err)
	}
	replies := make([]*redis.MapStringStringCmd, len(ids))
	if _, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HGetAll(ctx, keysOf(id).event)
		}
		return nil
	}); err != nil {
		return nil, away(err)
	}
	events := make([]enroll.Event, 0, len(ids))
	var broken []error
	for i, reply := range replies {
		e, err := eventFrom(reply.Val())
		if err != nil {
			broken = append(broken, fmt.Errorf("event %s: %w", ids[i], err))
			continue
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b enroll.Event) int {
		return cmp.Or(cmp.Compare(a.Date.String(), b.Date.String()), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	return events, errors.Join(broken...)
}

// EventByCode returns the event whose login codes begin with those four
// characters, or ErrWrongCode. One round trip, two for a code not seen before.
func (s *Store) EventByCode(ctx context.Context, four string) (enroll.Event, error) {
	s.mu.RLock()
	id, ok := s.codes[four]
	s.mu.RUnlock()
	if !ok {
		var err error
		id, err = s.rdb.HGet(ctx, keyCodes, four).Result()
		if errors.Is(err, redis.Nil) {
			return enroll.Event{}, enroll.ErrWrongCode
		}
		if err != nil {
			return enroll.Event{}, away(err)
		}
		s.mu.Lock()
		s.codes[four] = id
		s.mu.Unlock()
	}
	e, err := s.Event(ctx, id)
	if errors.Is(err, enroll.ErrNotFound) {
		return e, enroll.ErrWrongCode // the program stopped between taking the code and keeping the event
	}
	return e, err
}

// load returns the event at that version and the programme at that version,
// from this process's memory where it has them.
func (s *Store) load(ctx context.Context, id string, version, programme int) (cached, error) {
	s.mu.RLock()
	c, ok := s.events[id]
	s.mu.RUnlock()
	if ok && c.event.Version == version && c.programme.Version == programme {
		return c, nil
	}
	e, err := s.Event(ctx, id)
	if err != nil {
		return cached{}, err
	}
	p, err := s.Programme(ctx, id)
	if err != nil {
		return cached{}, err
	}
	c = cached{e, p}
	s.mu.Lock()
	s.events[id] = c
	s.mu.Unlock()
	return c, nil
}
