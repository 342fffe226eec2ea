package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// SweepExposure is the kind of operation that surveys the whole tenant. It is started by
// asking for its result and is none of the sweeps that anybody schedules.
const SweepExposure = "exposure"

const (
	runningKey = "running"
	leaseRow   = "lease"
	// surveyLease is longer than an invocation lives: after a death the survey waits this
	// long for its next worker.
	surveyLease = 5 * time.Minute
	// surveyAtOnce leaves a slot of the ceiling to whoever has to take access away.
	surveyAtOnce = DefaultSlots - 1
	// surveyTries is how often a part is tried that a later try may read.
	surveyTries = 4
)

// surveying is one invocation's work on a survey.
type surveying struct {
	*Engine
	mutex     sync.Mutex
	operation Operation
	facts     surveyed
	// missed is a part that has to be tried again; progressed says that another was kept.
	missed     error
	progressed bool
}

func (s *surveying) partition() string { return surveyRows + s.operation.ID }

// StartSurvey starts a survey of the whole tenant as an operation, or returns the one
// that is running.
func (e *Engine) StartSurvey(ctx context.Context, by string) (Operation, error) {
	var running string
	err := e.readWork(ctx, surveyPartition, runningKey, &running)
	if err != nil {
		return Operation{}, err
	}
	if running != "" {
		operation, err := e.Operation(ctx, running)
		if err != nil && KindOf(err) != KindNotFound {
			return Operation{}, err
		}
		if operation.State == Running {
			return operation, nil
		}
	}
	operation, err := e.begin(ctx, SweepExposure, by)
	if err != nil {
		return Operation{}, err
	}
	return operation, e.keepWork(ctx, surveyPartition, runningKey, operation.ID)
}

// survey goes on with a survey where the last invocation left off. Only one worker does
// at a time: who finds it taken leaves it, because the row that is due brings it back.
func (e *Engine) survey(ctx context.Context, id string) error {
	release, taken, err := e.takeSurvey(ctx)
	if err != nil || taken {
		return err
	}
	defer release()
	s := &surveying{Engine: e}
	s.operation, err = e.Operation(ctx, id)
	if err != nil || s.operation.State == Done || e.Now().Before(s.operation.NextTry) {
		return err
	}
	budget, cancel := context.WithTimeout(ctx, sweepFor)
	defer cancel()
	s.facts, err = e.keptSurvey(ctx, id)
	if err != nil {
		return err
	}
	s.operation.Done = len(s.facts.kept)
	s.operation.Total = max(s.operation.Total, len(firstParts())+len(secondParts()))
	for _, stage := range [][]surveyPart{firstParts(), secondParts()} {
		err = s.readStage(budget, stage)
		if err != nil {
			return err
		}
		switch {
		case s.missed != nil && s.progressed && budget.Err() != nil:
			return s.leave(ctx, s.operation)
		case s.missed != nil:
			return s.tryLater(ctx)
		}
	}
	return s.conclude(ctx, budget)
}

// readStage reads the parts that are not kept yet, side by side.
func (s *surveying) readStage(ctx context.Context, stage []surveyPart) error {
	group, groupCtx := readTogether(ctx)
	group.SetLimit(surveyAtOnce)
	for _, part := range stage {
		if s.facts.kept[part.name] {
			continue
		}
		group.Go(func() error { return s.readOne(groupCtx, part) })
	}
	return group.Wait()
}

// readOne reads one part and keeps it. What a later try may read is left for that, a few
// times; after those it is kept as not read, because a survey has to end.
func (s *surveying) readOne(ctx context.Context, part surveyPart) error {
	readAt := s.Now()
	err := part.read(ctx, s.Engine, &s.facts)
	if KindOf(err) == KindStorage {
		return err
	}
	later := err != nil && (passing(err) || ctx.Err() != nil)
	if later && s.operation.Attempts+1 < surveyTries {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.missed = err
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	err = s.keepPart(ctx, part, readAt)
	if errors.Is(err, errTooLarge) {
		part.fail(&s.facts, "it is larger than what is kept of a survey")
		err = s.keepPart(ctx, part, readAt)
	}
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.operation.Done++
	s.progressed = true
	return s.keepOperation(ctx, s.operation)
}

func (s *surveying) keepPart(ctx context.Context, part surveyPart, readAt time.Time) error {
	text, err := part.encode(&s.facts)
	if err != nil {
		return err
	}
	return s.keepText(ctx, s.partition(), part.name, text, readAt)
}

// tryLater leaves the survey until the tenant may answer again.
func (s *surveying) tryLater(ctx context.Context) error {
	reason, message := reasonOf(s.missed)
	s.operation.Attempts++
	wait := max(grant.Backoff(s.operation.Attempts), retryAfter(s.missed))
	s.operation.NextTry = s.Now().Add(wait)
	s.operation.Findings = []Finding{{Type: "Unread", Reason: reason, Message: message}}
	s.Log.WarnContext(ctx, "a survey could not read a part of the tenant and will try it again", "operation", s.operation.ID,
		"reason", reason, "attempts", s.operation.Attempts, "next", s.operation.NextTry, "error", message)
	err := s.keepOperation(ctx, s.operation)
	s.hint(ctx, applyQueue, s.operation.ID, wait)
	return err
}

// keptSurvey loads what a survey has read so far.
func (e *Engine) keptSurvey(ctx context.Context, id string) (surveyed, error) {
	facts := surveyed{kept: map[string]bool{}}
	for _, part := range append(firstParts(), secondParts()...) {
		text, readAt, err := e.keptText(ctx, surveyRows+id, part.name)
		if KindOf(err) == KindNotFound {
			continue
		}
		if err != nil {
			return facts, err
		}
		err = part.decode(&facts, text)
		if err != nil {
			return facts, err
		}
		facts.kept[part.name] = true
		if facts.ReadAt.IsZero() || readAt.Before(facts.ReadAt) {
			facts.ReadAt = readAt
		}
	}
	return facts, nil
}

// takeSurvey makes this worker the only one that works on surveys. The second result
// says that another one does.
func (e *Engine) takeSurvey(ctx context.Context) (func(), bool, error) {
	row, err := e.Store.ReadWork(ctx, surveyPartition, leaseRow)
	if err != nil && store.KindOf(err) != store.KindNotFound {
		return nil, false, storage(err, "")
	}
	var now leased
	if err == nil {
		err = json.Unmarshal(row.Document, &now)
		if err != nil {
			return nil, false, err
		}
		rest := now.Until.Sub(e.Now())
		if rest > 0 && rest <= 2*surveyLease {
			return nil, true, nil
		}
	}
	own := leased{Holder: rand.Text(), Until: e.Now().Add(surveyLease)}
	err = e.writeLease(ctx, row, own)
	switch store.KindOf(err) {
	case store.KindNone:
	case store.KindConflict, store.KindExists, store.KindLost:
		return nil, true, nil
	default:
		return nil, false, storage(err, "")
	}
	return func() { e.releaseSurvey(context.WithoutCancel(ctx), own) }, false, nil
}

func (e *Engine) writeLease(ctx context.Context, row store.Row, own leased) error {
	document, err := json.Marshal(own)
	if err != nil {
		return err
	}
	if row.ETag == "" {
		return e.Store.InsertWork(ctx, surveyPartition, store.Row{Key: leaseRow, Document: document})
	}
	row.Document = document
	return e.Store.WriteWork(ctx, surveyPartition, row)
}

// releaseSurvey lets the next worker in. A failure costs the rest of the lease.
func (e *Engine) releaseSurvey(ctx context.Context, own leased) {
	ctx, cancel := context.WithTimeout(ctx, releaseFor)
	defer cancel()
	row, err := e.Store.ReadWork(ctx, surveyPartition, leaseRow)
	var now leased
	if err != nil || json.Unmarshal(row.Document, &now) != nil || now.Holder != own.Holder {
		return
	}
	_ = e.writeLease(ctx, row, leased{})
}
