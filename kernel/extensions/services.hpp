// What the extensions work with: the host's parts, owned by the serve command.
#pragma once

#include <boost/json.hpp>
#include <memory>

#include "kernel/cache/cache.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/database/connection.hpp"
#include "kernel/extensions/seal.hpp"
#include "kernel/outbound/grpc/channels.hpp"
#include "kernel/outbound/outbound.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/work/job_runner.hpp"
#include "kernel/work/mail_queue.hpp"
#include "kernel/work/workflow_engine.hpp"

namespace kernel::extensions {

class PluginStreams;

struct Services {
  const config::Settings& settings;
  database::Pool& database;
  cache::Cache& cache;
  outbound::Outbound& outbound;
  outbound::rpc::Channels& channels;
  PluginStreams& channel_streams;
  policy::Pipeline& pipeline;
  work::MailQueue& mail;
  const Seal& seal;
  work::WorkflowEngine& workflows;
  work::JobRunner& jobs;
};

}  // namespace kernel::extensions
