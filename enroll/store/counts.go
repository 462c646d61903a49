package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// Counts is how much of each kind of personal data an event held, and how many
// took part in what. It names nobody and is kept.
type Counts struct {
	Students    int `json:"students"`
	Codes       int `json:"codes"`
	Places      int `json:"places"`
	Sessions    int `json:"sessions"`              // login sessions
	Files       int `json:"files"`                 // overviews
	Wishes      int `json:"wishes,omitempty"`      // students who wished something
	Invitations int `json:"invitations,omitempty"` // mails to students, sent or not
	Drafts      int `json:"drafts,omitempty"`      // class lists that were looked at and not saved

	// Participants is nil where the day was not held, or its key was gone.
	Participants *enroll.Participants `json:"participants,omitempty"`
}

// Kinds returns the numbers by kind, as the purge log has them.
func (c Counts) Kinds() map[string]int {
	kinds := map[string]int{
		"students": c.Students, "codes": c.Codes, "places": c.Places, "sessions": c.Sessions, "files": c.Files,
	}
	for kind, n := range map[string]int{"wishes": c.Wishes, "invitations": c.Invitations, "drafts": c.Drafts} {
		if n > 0 {
			kinds[kind] = n
		}
	}
	return kinds
}

// Count counts what the event holds of each kind, and keeps the numbers: the
// first count stays, so that a purge that is resumed does not count again. It is
// for the purge, which has shut the gate by then, and passes it by.
func (s *Store) Count(ctx context.Context, event string) (Counts, error) {
	c, err := s.Kept(ctx, event)
	if !errors.Is(err, enroll.ErrNotFound) {
		return c, err
	}
	k := keysOf(event)
	lengths := make([]*redis.IntCmd, 0, 7)
	if _, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range []string{k.students, k.codes, k.places, k.sessions, k.files, k.wishes, k.invited} {
			lengths = append(lengths, p.HLen(ctx, key))
		}
		return nil
	}); err != nil {
		return c, away(err)
	}
	drafts, err := s.personalKeys(ctx, keyDraft(event, "*"))
	if err != nil {
		return c, err
	}
	n := func(i int) int { return int(lengths[i].Val()) }
	c = Counts{
		Students: n(0), Codes: n(1), Places: n(2), Sessions: n(3), Files: max(n(4)-1, 0), // one field of the files says when they were made
		Wishes: n(5), Invitations: n(6), Drafts: len(drafts),
	}
	if c.Participants, err = s.countParticipants(ctx, event); err != nil {
		return c, err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("counts as JSON: %w", err)
	}
	// What cannot be kept, because a full Redis takes no write, is counted again.
	if err := s.rdb.SetNX(ctx, k.counts, data, 0).Err(); err != nil && ctx.Err() != nil {
		return c, away(err)
	}
	return c, nil
}

// Kept returns what the purge counted, or ErrNotFound before it did.
func (s *Store) Kept(ctx context.Context, event string) (c Counts, err error) {
	data, err := s.rdb.Get(ctx, keysOf(event).counts).Bytes()
	if errors.Is(err, redis.Nil) {
		return c, enroll.ErrNotFound
	}
	if err != nil {
		return c, away(err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("counts from JSON: %w", err)
	}
	return c, nil
}

// countParticipants counts who took part in what, by year: nil where the day was
// not held, nobody had a place, or the key is gone. Years are in the sealed
// records alone, so it has to come before the key is destroyed; but no record
// that cannot be read keeps a key from that.
func (s *Store) countParticipants(ctx context.Context, event string) (*enroll.Participants, error) {
	e, err := s.Event(ctx, event)
	if err != nil {
		return nil, err
	}
	programme, err := s.Programme(ctx, event)
	if errors.Is(err, enroll.ErrStore) {
		return nil, err
	}
	keys, errKeys := s.keys.Keys(event)
	if err != nil || errKeys != nil || !e.CancelledAt.IsZero() {
		return nil, nil
	}
	k := keysOf(event)
	records, err := s.rdb.HGetAll(ctx, k.students).Result()
	if err != nil {
		return nil, away(err)
	}
	places, err := s.rdb.HGetAll(ctx, k.places).Result()
	if err != nil {
		return nil, away(err)
	}
	yearOf := make(map[string]int, len(records))
	for id, sealed := range records {
		if st, err := openStudent(keys, id, []byte(sealed)); err == nil {
			yearOf[id] = st.Year
		}
	}
	type group struct {
		workshop string
		year     int
	}
	counts, years := map[group]int{}, map[int]bool{}
	for field, value := range places {
		id, round := cut(field, ':')
		choice, ok := placeFrom(value)
		key, err := enroll.ParseSessionKey(choice.Workshop + ":" + round)
		if !ok || err != nil || slices.Contains(e.Cancelled, key) {
			continue
		}
		counts[group{choice.Workshop, yearOf[id]}]++
		years[yearOf[id]] = true
	}
	if len(counts) == 0 {
		return nil, nil
	}
	kept := enroll.CountParticipants(programme, slices.Sorted(maps.Keys(years)), func(workshop string, year int) int {
		return counts[group{workshop, year}]
	})
	return &kept, nil
}
