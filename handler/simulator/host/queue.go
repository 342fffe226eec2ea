package host

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

const (
	// quickPoll and slowPoll bound the pauses between looks into an empty queue.
	// The real host grows its pause from 100 ms to maxPollingInterval; here the
	// pauses are short so that tests are, and that setting is a ceiling only.
	quickPoll = 20 * time.Millisecond
	slowPoll  = 250 * time.Millisecond
	// leaseFloor is the real host's lease on a message (inferred), which it
	// renews. Here the lease outlives functionTimeout instead.
	leaseFloor = 10 * time.Minute
	leaseRest  = time.Minute
	// leaseCeiling is the longest that the service hides a message.
	leaseCeiling = 7 * 24 * time.Hour
	// afterwards bounds what is done with a message after its invocation.
	afterwards = 30 * time.Second
)

// pump brings the messages of one queue to one function.
type pump struct {
	host     *Host
	function *function
	queue    *azqueue.QueueClient
	poison   *azqueue.QueueClient
	lease    int32 // seconds
	running  atomic.Int32
	woken    chan struct{}
	// asked carries requests for a look right now, answered as look returns.
	asked chan chan int
}

func newPump(ctx context.Context, h *Host, f *function) (*pump, error) {
	made := &pump{host: h, function: f, woken: make(chan struct{}, 1), asked: make(chan chan int)}
	lease := min(max(leaseFloor, min(h.app.timeout, leaseCeiling)+leaseRest), leaseCeiling)
	made.lease = int32(lease.Seconds())
	var err error
	made.queue, err = openQueue(ctx, h.options, f.queue)
	if err != nil {
		return nil, err
	}
	made.poison, err = openQueue(ctx, h.options, f.queue+"-poison")
	return made, err
}

// openQueue creates a queue where it is missing.
func openQueue(ctx context.Context, from Options, name string) (*azqueue.QueueClient, error) {
	options := &azqueue.ClientOptions{ClientOptions: policy.ClientOptions{Transport: from.Transport, Retry: policy.RetryOptions{
		MaxRetries: 3, RetryDelay: 50 * time.Millisecond, MaxRetryDelay: time.Second}}}
	client, err := queueClient(from, name, options)
	if err != nil {
		return nil, fmt.Errorf("preparing queue %s: %w", name, err)
	}
	_, err = client.Create(ctx, nil)
	if err != nil && statusOf(err) != http.StatusConflict {
		return nil, fmt.Errorf("creating queue %s: %w", name, err)
	}
	return client, nil
}

func queueClient(from Options, name string, options *azqueue.ClientOptions) (*azqueue.QueueClient, error) {
	if from.Credential != nil {
		return azqueue.NewQueueClient(from.Storage+"/"+name, from.Credential, options)
	}
	return azqueue.NewQueueClientFromConnectionString(from.Storage, name, options)
}

// run looks into the queue until ctx ends. Messages under way are waited for
// by the host.
func (p *pump) run(ctx context.Context) {
	pause := quickPoll
	for ctx.Err() == nil {
		got := p.look(ctx)
		pause = min(pause*3/2, slowPoll, p.host.app.queues.poll)
		if got > 0 {
			pause = quickPoll
		}
		p.rest(ctx, pause)
	}
}

// rest waits for the next look and answers who asks for one at once.
func (p *pump) rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-p.woken:
	case reply := <-p.asked:
		reply <- p.look(ctx)
	}
}

// look takes a batch of messages, if so few are running that one is due, and
// returns how many run then, or -1 when it could not look.
func (p *pump) look(ctx context.Context) int {
	settings := p.host.app.queues
	running := int(p.running.Load())
	if running > settings.threshold {
		return running
	}
	if !p.host.supervisor.up() {
		return -1
	}
	if p.host.disabled(p.function) {
		return running
	}
	number := int32(settings.batch)
	got, err := p.queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: &number, VisibilityTimeout: &p.lease})
	if err != nil {
		if ctx.Err() == nil {
			p.host.log.printf(levelError, "looking into queue %s: %v", p.function.queue, err)
		}
		return -1
	}
	for _, message := range got.Messages {
		p.running.Add(1)
		p.host.background(func() {
			defer p.running.Add(-1)
			p.work(message)
		})
	}
	return running + len(got.Messages)
}

// work invokes the function for one message and decides what becomes of it.
func (p *pump) work(message *azqueue.DequeuedMessage) {
	attempts := int64(p.host.app.queues.attempts)
	count := *message.DequeueCount
	if count > attempts {
		p.giveUp(message)
		return
	}
	err := p.deliver(message)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.host.working), afterwards)
	defer cancel()
	switch {
	case err == nil:
		_, err = p.queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil)
	case count >= attempts:
		p.giveUp(message)
		return
	default:
		hidden := int32(p.host.app.queues.delay.Seconds())
		options := &azqueue.UpdateMessageOptions{VisibilityTimeout: &hidden}
		_, err = p.queue.UpdateMessage(ctx, *message.MessageID, *message.PopReceipt, *message.MessageText, options)
	}
	if err != nil {
		p.host.log.printf(levelError, "settling a message of queue %s: %v", p.function.queue, err)
	}
}

func (p *pump) deliver(message *azqueue.DequeuedMessage) error {
	text := *message.MessageText
	if p.host.app.queues.base64 {
		plain, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			failure := &Failure{Function: p.function.name, At: p.host.options.Now(), Kind: FailureEncoding, Detail: err.Error()}
			p.host.record(failure)
			return failure
		}
		text = string(plain)
	}
	content := byHand(p.function, text, p.host.options.Now())
	metadata := content.Metadata
	// Numbers and strings become JSON text inside a string, times do not: that
	// is what the host's conversion leaves of them.
	metadata["DequeueCount"] = strconv.FormatInt(*message.DequeueCount, 10)
	metadata["Id"] = encoded(*message.MessageID)
	metadata["PopReceipt"] = encoded(*message.PopReceipt)
	metadata["InsertionTime"] = offsetTime(*message.InsertionTime)
	metadata["ExpirationTime"] = offsetTime(*message.ExpirationTime)
	metadata["NextVisibleTime"] = offsetTime(*message.TimeNextVisible)
	return p.host.invoke(p.host.working, p.function, content)
}

// giveUp copies a message to the poison queue and deletes it.
func (p *pump) giveUp(message *azqueue.DequeuedMessage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.host.working), afterwards)
	defer cancel()
	p.host.record(&Failure{Function: p.function.name, InvocationID: *message.MessageID, At: p.host.options.Now(),
		Kind: FailurePoisoned, Detail: fmt.Sprintf("message given up after %d deliveries", *message.DequeueCount)})
	_, err := p.poison.EnqueueMessage(ctx, *message.MessageText, nil)
	if err == nil {
		_, err = p.queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil)
	}
	if err != nil {
		p.host.log.printf(levelError, "giving up a message of queue %s: %v", p.function.queue, err)
	}
}
