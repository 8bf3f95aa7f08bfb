// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// eventPause is the least time between two looks at the progress: faster
	// than that nobody can read.
	eventPause = 100 * time.Millisecond
	// silence is how long nothing is sent before a comment is, so that nobody on
	// the way takes the connection for dead.
	silence = 15 * time.Second
	// writeTime is how long a client may take to take an event.
	writeTime = 30 * time.Second
)

// progressEvent is the data of an event "progress".
//
//	@Description	The data of an event "progress": how far one phase of the work has come.
type progressEvent struct {
	// What is being done.
	Phase string `json:"phase" validate:"required" enums:"pull,clone,extract,push" example:"pull"`
	// How many bytes have been dealt with.
	BytesDone int64 `json:"bytes_done" validate:"required" minimum:"0" format:"int64" example:"1048576"`
	// How many bytes there are in all; 0 where that is not known.
	BytesTotal int64 `json:"bytes_total" validate:"required" minimum:"0" format:"int64" example:"94371840"`
} // @name ProgressEvent

// follow calls work and sends what it reports, until it returns. It reports
// whether anything was sent. A client that goes away, or takes nothing, does
// not hold up the work.
func follow(events *eventStream, work func(report func(skills.Progress))) bool {
	news := progressNews{arrived: make(chan struct{}, 1)}
	over := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() { news.sendUntil(over, events) })
	func() {
		// Also where work panics: only one may write at a time.
		defer sender.Wait()
		defer close(over)
		work(news.note)
	}()
	return events.begun
}

// progressNews keeps the latest report of each activity that was not sent yet.
type progressNews struct {
	arrived chan struct{}

	mu      sync.Mutex
	pending []skills.Progress
}

// note keeps the report.
func (n *progressNews) note(p skills.Progress) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.IndexFunc(n.pending, func(old skills.Progress) bool { return old.Activity == p.Activity })
	if i < 0 {
		n.pending = append(n.pending, p)
	} else {
		n.pending[i] = p
	}
	select {
	case n.arrived <- struct{}{}:
	default:
	}
}

func (n *progressNews) take() []skills.Progress {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.pending
	n.pending = nil
	return taken
}

// sendUntil sends what was noted, and a sign of life where there is nothing to
// say, until over is closed and everything is sent.
func (n *progressNews) sendUntil(over <-chan struct{}, events *eventStream) {
	quiet := time.NewTicker(silence)
	defer quiet.Stop()
	for {
		select {
		case <-over:
			n.send(events)
			return
		case <-quiet.C:
			events.comment("still at work")
		case <-n.arrived:
			n.send(events)
			quiet.Reset(silence)
			select {
			case <-over:
			case <-time.After(eventPause):
			}
		}
	}
}

func (n *progressNews) send(events *eventStream) {
	for _, p := range n.take() {
		events.send("progress", eventData(progressEvent{Phase: string(p.Activity), BytesDone: p.Done, BytesTotal: p.Total}))
	}
}

// eventStream writes server-sent events. It is not safe for concurrent use.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	// lost is called when the client does not take what is sent.
	lost func()
	// begun says that the head of the answer is out.
	begun bool
}

func newEventStream(w http.ResponseWriter, lost func()) *eventStream {
	return &eventStream{w: w, control: http.NewResponseController(w), lost: lost}
}

// set sets a field of the header, or of the trailer where the header is out.
func (s *eventStream) set(name, value string) {
	if s.begun {
		name = http.TrailerPrefix + name
	}
	s.w.Header().Set(name, value)
}

// send sends an event; data is one line.
func (s *eventStream) send(event string, data []byte) {
	s.write("event: " + event + "\ndata: " + string(data) + "\n\n")
}

// comment sends a line that clients ignore.
func (s *eventStream) comment(text string) { s.write(": " + text + "\n\n") }

func (s *eventStream) write(text string) {
	if !s.begun {
		header := s.w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Type", eventsType)
		header.Add("Vary", "Accept")
		// Some proxies would keep the events until there are enough of them.
		header.Set("X-Accel-Buffering", "no")
		s.w.WriteHeader(http.StatusOK)
		s.begun = true
	}
	// Where no deadline can be set, in tests, there is no connection to hang.
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := s.w.Write([]byte(text)); err != nil {
		s.lost()
		return
	}
	if err := s.control.Flush(); err != nil {
		s.lost()
	}
}

// end leaves the connection fit for the next request.
func (s *eventStream) end() { _ = s.control.SetWriteDeadline(time.Time{}) }

// eventData returns v, which has strings and numbers alone, as the data of an
// event.
func eventData(v any) []byte {
	line, err := jsonLine(v)
	if err != nil {
		panic(err) // strings and numbers cannot fail to encode
	}
	return bytes.TrimSpace(line)
}
