package engine

import (
	"context"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
)

// TestLateAnswersNameWhatIsMissing: one part has answered when the time is over, one is
// being read and one has not begun.
func TestLateAnswersNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := newParts(New(Settings{}))
	p.room = make(chan struct{}, 1)
	var quick, slow, last access.Reading[int]
	start(ctx, p, "what was quick", "nothing", &quick, func(context.Context) (int, error) { return 1, nil })
	p.waiting.Wait()
	begun := make(chan struct{})
	start(ctx, p, "what was slow", "nothing", &slow, func(ctx context.Context) (int, error) {
		close(begun)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	<-begun
	start(ctx, p, "what came last", "nothing", &last, func(ctx context.Context) (int, error) { return 0, ctx.Err() })
	cancel()
	err := p.wait(ctx)
	if KindOf(err) != KindLate || !strings.Contains(err.Error(), "missing: what came last, what was slow") {
		t.Error(err)
	}
	if !quick.Read || slow.Read || last.Read || slow.Why == "" || last.Why == "" {
		t.Errorf("%+v %+v %+v", quick, slow, last)
	}
}

// TestTheCeilingLeavesNoGap: while others have all slots a part waits and is read.
func TestTheCeilingLeavesNoGap(t *testing.T) {
	t.Parallel()
	tries := 0
	found, err := readPart(t.Context(), New(Settings{}), "nothing", func(context.Context) (int, error) {
		tries++
		if tries < 3 {
			return 0, &exchange.Error{Kind: exchange.Held}
		}
		return 7, nil
	})
	if err != nil || !found.Read || found.Value != 7 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestWhatTheIdentityLacksIsNamed(t *testing.T) {
	t.Parallel()
	forbidden := &exchange.Error{Operation: "list policies", Kind: exchange.Forbidden}
	if text := why(forbidden, needsConfiguration); !strings.Contains(text, "list policies: forbidden") || !strings.Contains(text, needsConfiguration) {
		t.Error(text)
	}
	if text := why(&exchange.Error{Operation: "list policies", Kind: exchange.Lost}, needsConfiguration); strings.Contains(text, needsConfiguration) {
		t.Error(text)
	}
}
