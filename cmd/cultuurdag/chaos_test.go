package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cultuurdag/scheduler/purge"
)

var (
	chaosKills = flag.Int("chaos.kills", 30, "how many times TestChaos kills; each way once at least")
	chaosSeed  = flag.Uint64("chaos.seed", 0, "what TestChaos draws from; 0: the time")
	chaosRigs  = flag.Int("chaos.rigs", 3, "how many installations TestChaos breaks side by side")
)

// blow is one way to kill.
type blow struct {
	worker, redis bool
	moment        string     // at random; done, logged (of step); rewriting
	step          purge.Step // of done and logged
}

func (b blow) String() string {
	who := map[[2]bool]string{{true, false}: "program", {false, true}: "redis", {true, true}: "both"}[[2]bool{b.worker, b.redis}]
	switch b.moment {
	case "done":
		return fmt.Sprintf("%s, %s done and not logged", who, b.step)
	case "logged":
		return fmt.Sprintf("%s, %s just logged", who, b.step)
	case "rewriting":
		return who + ", while redis rewrites its log"
	}
	return who + ", at random"
}

// deck is dealt, shuffled, once and until there were as many kills as asked for.
var deck = newDeck()

func newDeck() (all []blow) {
	for _, step := range allSteps {
		all = append(all, blow{worker: true, moment: "done", step: step}, blow{worker: true, moment: "logged", step: step})
	}
	random, rewriting := "at random", "rewriting"
	return append(all,
		blow{worker: true, moment: random}, blow{worker: true, moment: random}, blow{worker: true, moment: random},
		blow{redis: true, moment: random}, blow{redis: true, moment: random}, blow{redis: true, moment: random},
		blow{worker: true, redis: true, moment: random}, blow{worker: true, redis: true, moment: random},
		blow{redis: true, moment: rewriting}, blow{redis: true, moment: rewriting},
		blow{worker: true, redis: true, moment: rewriting}, blow{worker: true, moment: rewriting},
	)
}

// tally counts the kills of all rigs.
type tally struct {
	mu      sync.Mutex
	left    int // kills to come
	dealt   int // rounds begun
	rounds  int // rounds that ended well
	inside  map[string]int
	outside map[string]int
	slowest time.Duration // from the last kill of a round to its end
}

// TestChaos purges events while the program, Redis, or both are killed with
// kill -9, at random moments and at every point between two steps, and started
// again. Whatever is killed: what the log says is so; its chain holds; every
// purge comes to its end by itself, each step logged once; what was destroyed is
// never shown again; and events that are not due are shown throughout, the same
// to the byte.
//
// The blows are drawn from the seed, which is printed; when exactly they fall is
// up to the machine.
//
//	deploy/chaos --kills 1000 --seed 7
func TestChaos(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	count := &tally{left: *chaosKills, inside: map[string]int{}, outside: map[string]int{}}
	t.Run("rigs", func(t *testing.T) {
		for i := range *chaosRigs {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for batch := 0; count.more() && !t.Failed(); batch++ {
					// A fresh rig now and then: what was purged makes each start slower.
					t.Run(fmt.Sprint(batch), func(t *testing.T) {
						c := newChaos(t, count)
						for range 25 {
							n, ok := count.deal()
							if !ok {
								break
							}
							cycle := slices.Clone(deck)
							shuffle := rand.New(rand.NewPCG(seed, n/uint64(len(deck))))
							shuffle.Shuffle(len(cycle), func(i, j int) { cycle[i], cycle[j] = cycle[j], cycle[i] })
							for rng := rand.New(rand.NewPCG(seed+1, n)); !c.round(rng, cycle[n%uint64(len(deck))]); {
							}
						}
					})
				}
			})
		}
	})
	inside, outside := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(count.inside)) {
		t.Logf("%5d %s", count.inside[kind], kind)
		inside += count.inside[kind]
	}
	for kind, n := range count.outside {
		t.Logf("%5d outside a purge: %s", n, kind)
		outside += n
	}
	t.Logf("seed %d: %d kills in a purge, %d outside one, in %d rounds; the slowest recovery took %v",
		seed, inside, outside, count.rounds, count.slowest.Round(time.Millisecond))
	for _, b := range deck {
		if count.inside[b.String()] == 0 && !t.Failed() {
			t.Errorf("no kill of this kind: %s", b)
		}
	}
}

func (c *tally) more() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left > 0 || c.dealt < len(deck)
}

// deal returns the number of the next round, if there is to be one.
func (c *tally) deal() (n uint64, ok bool) {
	if !c.more() {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dealt++
	return uint64(c.dealt - 1), true
}

// fell counts a kill.
func (c *tally) fell(b blow, inside bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if inside {
		c.inside[b.String()]++
	} else {
		c.outside[b.String()]++
	}
	c.left--
}

// chaos is a rig with events that are not due, and a witness.
type chaos struct {
	*rig
	count   *tally
	others  []culture
	before  []map[string]string // what Redis holds of them
	keys    [][]byte            // their key files
	witness *witness
	typical time.Duration // how long the purges of a round take
	kept    [][]byte      // checkpoints, as schools keep them
}

func newChaos(t *testing.T, count *tally) *chaos {
	c := &chaos{rig: newRig(t), count: count}
	for range 2 {
		other := c.event("Niet aan de beurt", 8)
		key, err := os.ReadFile(c.keyFile(other))
		c.must(err)
		c.others, c.before, c.keys = append(c.others, other), append(c.before, c.personal(other.ID)), append(c.keys, key)
	}
	events := []culture{c.event("Cultuurdag", 8), c.event("Cultuurdag", 8)}
	c.makeDue(events[0])
	c.makeDue(events[1])
	c.start()
	c.begins(events)
	begun := time.Now()
	c.until(patience, "the purges are complete", func() bool { return c.done(events) })
	c.typical = time.Since(begun)
	c.ready()
	c.witness = newWitness(c.rig, c.others)
	return c
}

func (r *rig) keyFile(c culture) string { return filepath.Join(r.keystore.Dir(), c.ID+".age") }

// round has two events purged, kills meanwhile, and sees to it that all ends
// well. It answers false where its blow fell outside the purges, or came too late
// for its moment and was held back.
func (c *chaos) round(rng *rand.Rand, b blow) (inside bool) {
	c.Helper()
	events := []culture{c.event("Cultuurdag", 8), c.event("Cultuurdag", 8)}
	if b.moment == "done" {
		events = events[:1] // of two at once it would not show whose step it is
	}
	if b.moment == "rewriting" {
		// Some milliseconds a key, so that there is a rewrite to kill in.
		c.must(c.client.ConfigSet(c.Context(), "rdb-key-save-delay", "4000").Err())
	}
	// Either the program finds them due when it starts, or its worker is handed
	// them. A worker whose Redis dies is handed them again after a minute or two:
	// too long for the short run.
	starting := rng.IntN(2) == 0 || b.redis && !b.worker && *chaosKills < 200
	if starting {
		c.kill()
		for _, e := range events {
			c.makeDue(e)
		}
		c.witness.due(events...)
		c.start()
	} else {
		for _, e := range events[1:] {
			c.makeDue(e)
		}
		c.purgeEarly(events[0])
		c.witness.due(events...)
	}
	inside = c.await(rng, b, events)
	if inside || b.moment == "at random" {
		c.strike(rng, b, inside, events)
	}
	c.release()
	for inside && b.worker && rng.IntN(5) < 2 && !c.done(events) {
		again := blow{worker: true, redis: rng.IntN(3) == 0, moment: "at random"}
		c.strike(rng, again, c.await(rng, again, events), events)
	}
	last := time.Now()
	for _, e := range events {
		c.purged(3*time.Minute, e)
	}
	took := time.Since(last)
	c.ready()
	c.kept = append(c.kept, c.checkpoint())
	c.chain(c.kept...)
	c.whole()
	c.count.mu.Lock()
	defer c.count.mu.Unlock()
	c.count.rounds++
	c.count.slowest = max(c.count.slowest, took)
	return inside
}

// await waits for the moment at which b is to fall, and tells whether a purge is
// at work then.
func (c *chaos) await(rng *rand.Rand, b blow, events []culture) (inside bool) {
	c.Helper()
	c.begins(events)
	switch b.moment {
	case "at random":
		time.Sleep(time.Duration(rng.Float64() * float64(c.typical)))
	case "logged":
		c.until(patience, string(b.step)+" is logged", func() bool { return c.logged(b.step, events) })
		return true
	case "rewriting":
		c.until(patience, "redis rewrites its log", func() bool {
			names, err := filepath.Glob(filepath.Join(c.redis.Dir, "temp-rewriteaof*"))
			return err != nil || len(names) > 0 || c.done(events)
		})
	case "done":
		return c.holdAt(b.step, events[0])
	}
	return c.working(events)
}

// working reports whether any of the purges is at work.
func (r *rig) working(events []culture) bool { return r.locks().holding(r.lockFiles(events)) > 0 }

// begins returns when one is, or all are complete.
func (r *rig) begins(events []culture) {
	r.Helper()
	r.until(patience, "a purge begins", func() bool { return r.working(events) || r.done(events) })
}

// done reports whether the log tells that all of the purges are complete.
func (r *rig) done(events []culture) bool {
	for _, e := range events {
		if entries := r.entries(e.ID); len(entries) == 0 || entries[len(entries)-1].Step != purge.StepCompleted {
			return false
		}
	}
	return true
}

func (r *rig) logged(step purge.Step, events []culture) bool {
	for _, e := range events {
		if slices.ContainsFunc(r.entries(e.ID), func(entry purge.Entry) bool { return entry.Step == step }) {
			return true
		}
	}
	return false
}

// holdAt returns when the purge has done the step and cannot log it: a reader of
// the log holds the writer up, and lets it through entry by entry. It answers
// false where the purge was too quick for that.
func (r *rig) holdAt(step purge.Step, e culture) bool {
	r.Helper()
	log, err := os.Open(r.logPath())
	r.must(err)
	r.held = log
	for {
		r.must(syscall.Flock(int(log.Fd()), syscall.LOCK_SH))
		size := r.logSize()
		if r.logged(step, []culture{e}) {
			return false
		}
		r.until(patience, "the purge wants to log a step", func() bool { return r.locks().waiting(r.logPath()) > 0 })
		if allSteps[len(r.entries(e.ID))] == step {
			return true
		}
		r.must(syscall.Flock(int(log.Fd()), syscall.LOCK_UN))
		for r.logSize() == size { // without a pause: the writer must not be through before this waits in line
			runtime.Gosched()
		}
	}
}

// release lets the writers of the log go.
func (r *rig) release() {
	r.Helper()
	if r.held != nil {
		r.must(r.held.Close())
		r.held = nil
	}
}

func (r *rig) logSize() int64 {
	info, err := os.Stat(r.logPath())
	r.must(err)
	return info.Size()
}

// strike kills, and starts again what was killed, in any order.
func (c *chaos) strike(rng *rand.Rand, b blow, inside bool, events []culture) {
	c.Helper()
	first := rng.IntN(2) == 0
	if b.redis && first {
		c.redis.Kill()
	}
	if b.worker {
		c.kill()
	}
	if b.redis && !first {
		c.redis.Kill()
	}
	c.release()
	c.count.fell(b, inside)
	c.chain(c.kept...)
	first = rng.IntN(2) == 0
	if b.worker && first {
		c.start()
	}
	if b.redis {
		c.redis.Start(c.TB)
		c.connect()
	}
	c.lasts(events)
	if b.worker && !first {
		c.start()
	}
}

// whole holds that the events that are not due are as they were.
func (c *chaos) whole() {
	c.Helper()
	for i, other := range c.others {
		if now := c.personal(other.ID); !maps.Equal(now, c.before[i]) {
			c.Fatalf("of an event that is not due there were %d values, and now %d or others", len(c.before[i]), len(now))
		}
		key, err := os.ReadFile(c.keyFile(other))
		if err != nil || !bytes.Equal(key, c.keys[i]) {
			c.Fatalf("the key of an event that is not due: %v", err)
		}
		if students, err := c.store.Students(c.Context(), other.ID); err != nil || len(students) != 8 {
			c.Fatalf("of an event that is not due %d students can be read: %v", len(students), err)
		}
	}
}

// witness asks, over and over again, for the pages of students: of events that
// are not due, which have to be the same whenever there is an answer, and of
// events that are, which must never come again.
type witness struct {
	mu      sync.Mutex
	gone    []string // cookies
	faults  []string
	answers map[string]int
}

func newWitness(r *rig, others []culture) *witness {
	w := &witness{answers: map[string]int{}}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
	pages := map[string][]byte{}
	for _, c := range others {
		status, body, err := r.get(client, c.cookie)
		if err != nil || status != http.StatusOK {
			r.Fatalf("a student's page: %d, %v", status, err)
		}
		pages[c.cookie] = body
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			for cookie, page := range pages {
				status, body, err := r.get(client, cookie)
				w.saw("not due", status, err, status == http.StatusOK && bytes.Equal(body, page))
			}
			w.mu.Lock()
			gone := w.gone[max(0, len(w.gone)-4):]
			w.mu.Unlock()
			for _, cookie := range gone {
				status, _, err := r.get(client, cookie)
				w.saw("due", status, err, status == http.StatusGone)
			}
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	r.Cleanup(func() {
		close(stop)
		<-stopped
		for _, fault := range w.faults {
			r.Error(fault)
		}
		if w.answers["not due 200"] == 0 || w.answers["due 410"] == 0 {
			r.Errorf("the witness saw %v", w.answers)
		}
	})
	return w
}

// saw notes an answer; right says whether its contents were.
func (w *witness) saw(what string, status int, err error, right bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.answers[what+" none"]++ // killed meanwhile
		return
	}
	w.answers[fmt.Sprint(what, " ", status)]++
	if !right && status != http.StatusServiceUnavailable {
		w.faults = append(w.faults, fmt.Sprintf("a student whose event is %s got %d", what, status))
	}
}

// due tells that the pages of those events must not be seen any more.
func (w *witness) due(events ...culture) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range events {
		w.gone = append(w.gone, e.cookie)
	}
}

// locks is what /proc/locks tells: the lines that name each inode.
type locks map[uint64][]string

func (r *rig) locks() locks {
	r.Helper()
	data, err := os.ReadFile("/proc/locks")
	r.must(err)
	all := locks{}
	for line := range strings.Lines(string(data)) {
		for field := range strings.FieldsSeq(line) { // 1: -> FLOCK ADVISORY WRITE 4711 fe:00:123456 0 EOF
			var major, minor, inode uint64
			if n, _ := fmt.Sscanf(field, "%x:%x:%d", &major, &minor, &inode); n == 3 {
				all[inode] = append(all[inode], line)
			}
		}
	}
	return all
}

func inode(path string) uint64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// holding returns how many of the files are locked.
func (l locks) holding(paths []string) (n int) {
	for _, path := range paths {
		if slices.ContainsFunc(l[inode(path)], func(line string) bool { return !strings.Contains(line, "->") }) {
			n++
		}
	}
	return n
}

// waiting returns how many wait to write to the file.
func (l locks) waiting(path string) (n int) {
	for _, line := range l[inode(path)] {
		if strings.Contains(line, "->") && strings.Contains(line, "WRITE") {
			n++
		}
	}
	return n
}

// lockFiles are locked while the events are being purged.
func (r *rig) lockFiles(events []culture) (paths []string) {
	for _, e := range events {
		paths = append(paths, filepath.Join(r.logPath()+".locks", e.ID))
	}
	return paths
}
