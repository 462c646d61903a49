package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// PutSchool keeps a school, a new one where ID is empty, and returns it as
// stored. FieldErrors where something is wrong with what was entered.
func (s *Store) PutSchool(ctx context.Context, school enroll.School) (enroll.School, error) {
	school.Normalize()
	if err := school.Check(); err != nil {
		return school, err
	}
	if school.ID == "" {
		school.ID = crypto.NewID()
	}
	data, err := json.Marshal(school)
	if err != nil {
		return school, fmt.Errorf("school as JSON: %w", err)
	}
	return school, away(s.rdb.HSet(ctx, keySchools, school.ID, data).Err())
}

// School returns the school with that id, or ErrNotFound.
func (s *Store) School(ctx context.Context, id string) (enroll.School, error) {
	var school enroll.School
	data, err := s.rdb.HGet(ctx, keySchools, id).Bytes()
	if errors.Is(err, redis.Nil) {
		return school, enroll.ErrNotFound
	}
	if err != nil {
		return school, away(err)
	}
	if err := json.Unmarshal(data, &school); err != nil {
		return school, fmt.Errorf("school from JSON: %w", err)
	}
	return school, nil
}

// cachedSchool spares a student's page a round trip; a school that was
// corrected shows within a minute.
func (s *Store) cachedSchool(ctx context.Context, id string) (enroll.School, error) {
	s.mu.RLock()
	c, ok := s.schools[id]
	s.mu.RUnlock()
	if ok && time.Now().Before(c.until) {
		return c.school, nil
	}
	school, err := s.School(ctx, id)
	if err != nil {
		return school, err
	}
	s.mu.Lock()
	s.schools[id] = cachedSchool{school, time.Now().Add(time.Minute)}
	s.mu.Unlock()
	return school, nil
}

// Schools returns every school, by name.
func (s *Store) Schools(ctx context.Context) ([]enroll.School, error) {
	all, err := s.rdb.HGetAll(ctx, keySchools).Result()
	if err != nil {
		return nil, away(err)
	}
	schools := make([]enroll.School, 0, len(all))
	for id, data := range all {
		var school enroll.School
		if err := json.Unmarshal([]byte(data), &school); err != nil {
			return nil, fmt.Errorf("school %s from JSON: %w", id, err)
		}
		schools = append(schools, school)
	}
	slices.SortFunc(schools, func(a, b enroll.School) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return schools, nil
}
