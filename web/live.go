package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

const (
	seatInterval = time.Second      // how often the store is asked, while anybody listens
	liveLife     = 10 * time.Minute // after which a stream ends and the browser comes back
	livePing     = 15 * time.Second
	liveStreams  = 5 // at once for one student's session: the tabs of a browser
)

// standing is what a page that listens wants to know: the seats taken, the
// state of the event and the version of its programme.
type standing struct {
	taken     map[enroll.SessionKey]int
	state     enroll.State
	programme int
}

// seatHub tells pages of the seats that are taken: one room an event, which
// asks once a second while somebody listens, however many listen.
type seatHub struct {
	ask func(ctx context.Context, event string) (standing, error)

	mu      sync.Mutex
	rooms   map[string]*seatRoom
	streams map[string]int // how many are open, by session
	done    context.Context
	close   context.CancelFunc
}

// seatRoom is the listeners of one event, and what they were told last.
type seatRoom struct {
	listeners map[chan seatNews]bool
	last      *standing
	stop      context.CancelFunc
}

// seatNews is what changed. A listener that is new gets all of it.
type seatNews struct {
	taken     map[enroll.SessionKey]int
	state     enroll.State // the event's state; "": neither that nor its programme changed
	programme int          // its version, with state
	gone      bool         // the event's data are out of reach: nothing comes after this
}

func newSeatHub(ask func(context.Context, string) (standing, error)) *seatHub {
	h := &seatHub{ask: ask, rooms: map[string]*seatRoom{}, streams: map[string]int{}}
	h.done, h.close = context.WithCancel(context.Background())
	return h
}

// enter counts a stream of a session, until leave is called. A
// *enroll.RetryError where there are liveStreams already.
func (h *seatHub) enter(session string) (leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[session] >= liveStreams {
		return nil, &enroll.RetryError{After: livePing}
	}
	h.streams[session]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.streams[session]--; h.streams[session] == 0 {
			delete(h.streams, session)
		}
	}, nil
}

// join returns what is new in an event from now on. The channel is closed
// after news that the event is gone, and when its reader fell behind. leave
// must be called once.
func (h *seatHub) join(event string) (news <-chan seatNews, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	room, ok := h.rooms[event]
	if !ok {
		ctx, stop := context.WithCancel(h.done)
		room = &seatRoom{listeners: map[chan seatNews]bool{}, stop: stop}
		h.rooms[event] = room
		go h.watch(ctx, event, room)
	}
	ch := make(chan seatNews, 8)
	room.listeners[ch] = true
	if room.last != nil {
		ch <- seatNews{taken: maps.Clone(room.last.taken), state: room.last.state, programme: room.last.programme}
	}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(room.listeners, ch)
		if len(room.listeners) == 0 {
			room.stop()
			if h.rooms[event] == room {
				delete(h.rooms, event)
			}
		}
	}
}

func (h *seatHub) watch(ctx context.Context, event string, room *seatRoom) {
	tick := time.NewTicker(seatInterval)
	defer tick.Stop()
	for {
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		now, err := h.ask(asking, event)
		cancel()
		switch {
		case err == nil:
			h.tell(room, now)
		case errors.Is(err, enroll.ErrPurged), errors.Is(err, enroll.ErrNotFound):
			h.end(event, room)
			return
		}
		// Any other error passes, or the pages notice at their next request.
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tell sends what differs from what the room was told before.
func (h *seatHub) tell(room *seatRoom, now standing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news := seatNews{taken: map[enroll.SessionKey]int{}}
	if room.last == nil {
		news.taken, news.state, news.programme = now.taken, now.state, now.programme
	} else {
		for key, n := range now.taken {
			if before, ok := room.last.taken[key]; !ok || before != n {
				news.taken[key] = n
			}
		}
		if now.state != room.last.state || now.programme != room.last.programme {
			news.state, news.programme = now.state, now.programme
		}
	}
	room.last = &now
	if len(news.taken) == 0 && news.state == "" {
		return
	}
	for ch := range room.listeners {
		room.send(ch, news)
	}
}

// send never waits: a listener that fell behind is cut off and comes back.
func (r *seatRoom) send(ch chan seatNews, news seatNews) {
	select {
	case ch <- news:
	default:
		delete(r.listeners, ch)
		close(ch)
	}
}

func (h *seatHub) end(event string, room *seatRoom) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range room.listeners {
		room.send(ch, seatNews{gone: true})
		if room.listeners[ch] {
			delete(room.listeners, ch)
			close(ch)
		}
	}
	room.stop()
	if h.rooms[event] == room {
		delete(h.rooms, event)
	}
}

// standing asks the store how an event stands. Two round trips.
func (s *Server) standing(ctx context.Context, event string) (standing, error) {
	taken, err := s.store.Seats(ctx, event)
	if err != nil {
		return standing{}, err
	}
	e, err := s.store.Event(ctx, event)
	if err != nil {
		return standing{}, err
	}
	return standing{taken: taken, state: e.StateAt(s.clock.Now()), programme: e.Programme}, nil
}

// seatLeft is one session in the event seats of a stream.
type seatLeft struct {
	Workshop string `json:"workshop"`
	Round    int    `json:"round"`
	Left     int    `json:"left"`
}

// eventNow is the event state of a stream.
type eventNow struct {
	State     enroll.State `json:"state"`
	Programme int          `json:"programme"`
}

// seatsLeft returns the seats left in the sessions that taken speaks of, or in
// every session with all, in the order of the programme.
func seatsLeft(p enroll.Programme, taken map[enroll.SessionKey]int, all bool) []seatLeft {
	left := []seatLeft{}
	for _, w := range p.Workshops {
		for _, session := range w.Sessions {
			n, ok := taken[enroll.SessionKey{Workshop: w.ID, Round: session.Round}]
			if ok || all {
				left = append(left, seatLeft{w.ID, session.Round, max(0, session.Capacity-n)})
			}
		}
	}
	slices.SortStableFunc(left, func(a, b seatLeft) int { return a.Round - b.Round })
	return left
}

// studentLive is GET /student/live, a stream of server-sent events:
//
//	seats  {"sessions": [{workshop, round, left}]}; all of them first, then those that changed
//	state  {"state": "open", "programme": 1}; at first and whenever one changes: a page of
//	       another state or programme is loaded again
//	gone   {}; everything is destroyed or about to be, the stream ends
func (s *Server) studentLive(c *gin.Context) error {
	cookie, err := studentToken(c)
	if err != nil {
		return err
	}
	view, err := s.store.Student(c.Request.Context(), cookie)
	if err != nil {
		return err
	}
	exit, err := s.seats.enter(crypto.HashToken(cookie))
	if err != nil {
		return err
	}
	defer exit()
	news, leave := s.seats.join(view.Event.ID)
	defer leave()

	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no") // a proxy has to pass events on at once
	c.Status(http.StatusOK)
	stream := &eventStream{w: c.Writer, control: http.NewResponseController(c.Writer)}
	// A browser that lost the stream comes back after this long; not all at once.
	if err := stream.write(fmt.Sprintf("retry: %d\n\n", 2000+rand.IntN(4000))); err != nil {
		return nil // the reader went away
	}
	end := time.NewTimer(liveLife + time.Duration(rand.Int64N(int64(time.Minute))))
	defer end.Stop()
	ping := time.NewTicker(livePing)
	defer ping.Stop()
	for first := true; ; {
		var err error
		select {
		case <-c.Request.Context().Done():
			return nil
		case <-s.seats.done.Done():
			return nil
		case <-end.C:
			return nil
		case <-ping.C:
			err = stream.write(": still here\n\n")
		case n, ok := <-news:
			switch {
			case !ok:
				return nil
			case n.gone:
				err = stream.send("gone", struct{}{})
			default:
				if first && (n.state != view.Event.StateAt(view.Now) || n.programme != view.Programme.Version) {
					// One of the two is a moment old: a page must neither miss a change nor be loaded for nothing.
					if now, askErr := s.standing(c.Request.Context(), view.Event.ID); askErr == nil {
						n.state, n.programme = now.state, now.programme
					}
				}
				if n.state != "" {
					err = stream.send("state", eventNow{n.state, n.programme})
				}
				if err == nil && (first || len(n.taken) > 0) {
					err = stream.send("seats", map[string][]seatLeft{"sessions": seatsLeft(view.Programme, n.taken, first)})
					first = false
				}
			}
		}
		if err != nil {
			return nil // the reader went away
		}
	}
}

// eventStream writes server-sent events, each at once.
type eventStream struct {
	w       io.Writer
	control *http.ResponseController
}

func (s *eventStream) send(event string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("event %s as JSON: %w", event, err)
	}
	return s.write("event: " + event + "\ndata: " + string(text) + "\n\n")
}

func (s *eventStream) write(text string) error {
	// Where the server has a deadline for answers, a stream has one for each event.
	if err := s.control.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.control.Flush()
}
