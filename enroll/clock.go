package enroll

import (
	"sync/atomic"
	"time"

	_ "time/tzdata" // a static binary in an empty image has no zone files
)

// Amsterdam is the zone of every local date in the program.
var Amsterdam = mustZone("Europe/Amsterdam")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the zone data are embedded above
	}
	return zone
}

// Clock tells the application's time, and how far both it and Redis's clock
// have been moved. The zero Clock is the machine's own; demo and tests move
// one, and a moved clock runs on. It is safe for concurrent use.
type Clock struct {
	offset atomic.Int64 // nanoseconds that Now is ahead of the machine
	redis  atomic.Int64 // nanoseconds that Redis is taken to be ahead of its own clock
}

// Now returns the application's time, in Amsterdam.
func (c *Clock) Now() time.Time {
	return time.Now().Add(time.Duration(c.offset.Load())).In(Amsterdam)
}

// RedisOffset returns what has to be added to the reply of Redis's TIME, so
// that a moved clock moves both.
func (c *Clock) RedisOffset() time.Duration { return time.Duration(c.redis.Load()) }

// Move sets both clocks to the moment to.
func (c *Clock) Move(to time.Time) {
	c.offset.Store(int64(time.Until(to)))
	c.redis.Store(c.offset.Load())
}

// SkewRedis moves the clock of Redis alone by d: how tests make the two clocks
// disagree.
func (c *Clock) SkewRedis(d time.Duration) { c.redis.Add(int64(d)) }
