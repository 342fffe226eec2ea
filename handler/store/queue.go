package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// maxDelay is the longest invisibility the queue service allows.
const maxDelay = 7 * 24 * time.Hour

// Send puts a message that holds only id on QueueApply or QueueNotify, to be seen
// after delay (rounded up to seconds, at most seven days). A message is a hint: it
// may be lost or come twice, so the sending is not repeated here and KindLost is
// no reason to fail; a due row owes the work in any case.
func (s *Store) Send(ctx context.Context, queue, id string, delay time.Duration) error {
	err := checkMessage(queue, id, delay)
	if err != nil {
		return invalid("send", queue, err)
	}
	seconds, forEver := int32(math.Ceil(delay.Seconds())), int32(-1)
	// A message that waits as long as it lives is refused, hence no end of life.
	options := &azqueue.EnqueueMessageOptions{VisibilityTimeout: &seconds, TimeToLive: &forEver}
	return s.writeOnce(ctx, subject{"send to queue", queue}, func(ctx context.Context) error {
		_, err := s.queues.NewQueueClient(queue).EnqueueMessage(ctx, id, options)
		return err
	})
}

func checkMessage(queue, id string, delay time.Duration) error {
	switch {
	case queue != QueueApply && queue != QueueNotify:
		return fmt.Errorf("unknown queue %q", queue)
	case delay < 0 || delay > maxDelay:
		return errors.New("delay must be between zero and seven days")
	}
	return checkName(id)
}

func (s *Store) createQueue(ctx context.Context, name string) error {
	err := s.writeRepeatable(ctx, subject{"create queue", name}, func(ctx context.Context) error {
		_, err := s.queues.NewQueueClient(name).Create(ctx, nil)
		return err
	})
	if KindOf(err) == KindExists {
		return nil
	}
	return err
}
