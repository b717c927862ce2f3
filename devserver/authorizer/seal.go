package authorizer

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"slices"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	keySize = sha256.Size
	// sealField is the highest field number that protobuf knows. The server reads a task token as a message and skips
	// fields that it does not know, so a sealed token needs no unsealing on its way in.
	sealField = protowire.MaxValidNumber
)

// seal marks the tokens of tasks with the queue that they were handed out for. A token of the server is not secret: who
// knows a workflow's history can write one for a task of somebody else.
type seal struct{ key []byte }

// stamp returns the token with its queue and the proof of it behind it.
func (s seal) stamp(token []byte, queue string) []byte {
	if len(token) == 0 {
		return token // an empty poll
	}
	stamped := protowire.AppendTag(slices.Clone(token), sealField, protowire.BytesType)
	return protowire.AppendBytes(stamped, append(s.proof(token, queue), queue...))
}

// open returns the queue for which a token was handed out; false if it was not, or is not as it was.
func (s seal) open(token []byte) (queue string, ok bool) {
	bare, mark := lastField(token)
	if len(mark) < sha256.Size {
		return "", false
	}
	queue = string(mark[sha256.Size:])
	return queue, hmac.Equal(mark[:sha256.Size], s.proof(bare, queue))
}

// proof binds a queue to a token; names of queues hold no zero byte.
func (s seal) proof(token []byte, queue string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("portsaga/task/1\x00" + queue + "\x00"))
	mac.Write(token)
	return mac.Sum(nil)
}

// lastField takes the seal off a token; it returns no mark if the last field is not one.
func lastField(token []byte) (bare, mark []byte) {
	for at := 0; at < len(token); {
		number, kind, n := protowire.ConsumeTag(token[at:])
		if n < 0 {
			return nil, nil
		}
		value := protowire.ConsumeFieldValue(number, kind, token[at+n:])
		if value < 0 {
			return nil, nil
		}
		end := at + n + value
		if end == len(token) && number == sealField && kind == protowire.BytesType {
			mark, _ = protowire.ConsumeBytes(token[at+n:])
			return token[:at], mark
		}
		at = end
	}
	return nil, nil
}

// Interceptor seals the tokens of all tasks that the frontend hands out. It belongs into the chain of the same frontend.
func (a *Authorizer) Interceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		response, err := handler(ctx, request)
		if err == nil {
			a.policy.sealTasks(request, response)
		}
		return response, err
	}
}

// sealTasks seals what a response hands out. The tasks that come with the answer to a workflow task are of that task's
// queue, or, where a step was asked for at once, of the step's.
func (p *policy) sealTasks(request, response any) {
	switch r := response.(type) {
	case *workflowservice.PollWorkflowTaskQueueResponse:
		poll, _ := request.(*workflowservice.PollWorkflowTaskQueueRequest)
		r.TaskToken = p.seal.stamp(r.GetTaskToken(), p.queueOfPoll(poll))
	case *workflowservice.PollActivityTaskQueueResponse:
		poll, _ := request.(*workflowservice.PollActivityTaskQueueRequest)
		r.TaskToken = p.seal.stamp(r.GetTaskToken(), poll.GetTaskQueue().GetName())
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		done, _ := request.(*workflowservice.RespondWorkflowTaskCompletedRequest)
		queue, ok := p.seal.open(done.GetTaskToken())
		if !ok {
			return // of the server's own workers
		}
		if r.GetWorkflowTask() != nil {
			r.WorkflowTask.TaskToken = p.seal.stamp(r.GetWorkflowTask().GetTaskToken(), queue)
		}
		for _, step := range r.GetActivityTasks() {
			step.TaskToken = p.seal.stamp(step.GetTaskToken(), queue)
		}
	}
}
